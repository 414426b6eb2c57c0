/**
 * Figures by name as bars, one below the other, each with its error bar; the name stands above its bar, so that it fits every width.
 */
import type { Group } from "#engine/statistics/regional-picture.ts";
import { drawing, element, hatchOf, line, text, ticksTo, title, type Labels } from "./svg.ts";
import { nameText, withBar, type Wording } from "./wording.ts";

const ROW = 42;
const EDGE = 10;
const BAR = { top: 19, height: 13 };
const AXIS = 22;
/** A digit of the axis. */
const LETTER = 7;

/** @param width - In pixels. */
export function barRows({ entries }: Pick<Group, "entries">, wording: Wording, width: number, labels: Labels): string {
  const ticks = ticksTo(Math.max(...entries.map(({ shown }) => shown.high)));
  const most = ticks.at(-1) ?? 1;
  const place = (value: number): number => EDGE + (value / most) * (width - 2 * EDGE);
  const bottom = entries.length * ROW + 4;
  const rows = entries.map(({ name, shown }, at) => {
    const top = at * ROW;
    const middle = top + BAR.top + BAR.height / 2;
    const isUnderTen = shown.figure === null;
    const box = { x: EDGE, y: top + BAR.top, height: BAR.height };
    return element(
      "g",
      { class: "bar-row" },
      title(`${nameText(wording, name)}: ${withBar(wording, shown)}`),
      text({ class: "head", x: EDGE, y: top + 14 }, nameText(wording, name)),
      text({ class: "figure", x: width - EDGE, y: top + 14, "text-anchor": "end" }, withBar(wording, shown)),
      isUnderTen
        ? element("rect", { class: "under-ten", ...box, width: Math.max(4, place(10) - EDGE), fill: hatchOf(labels) })
        : element("rect", { class: "value", ...box, width: place(shown.figure) - EDGE }),
      line("whisker", place(shown.low), middle, place(shown.high), middle),
      line("whisker", place(shown.low), middle - 4, place(shown.low), middle + 4),
      line("whisker", place(shown.high), middle - 4, place(shown.high), middle + 4),
    );
  });
  const longest = Math.max(...ticks.map((tick) => wording.number(tick).length)) * LETTER + 16;
  const every = Math.ceil(longest / ((width - 2 * EDGE) / (ticks.length - 1)));
  const axis = ticks.map((tick, at) => {
    const anchor = at === 0 ? "start" : at === ticks.length - 1 ? "end" : "middle";
    // As many numbers as fit; the last one always.
    const isWritten = (ticks.length - 1 - at) % every === 0;
    return (
      line("tick", place(tick), 0, place(tick), bottom) +
      (isWritten
        ? text({ class: "axis", x: place(tick), y: bottom + 14, "text-anchor": anchor }, wording.number(tick))
        : "")
    );
  });
  return drawing(labels, [width, bottom + AXIS], axis.join("") + rows.join(""));
}
