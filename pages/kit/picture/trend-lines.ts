/**
 * Hits round by round: a line for all bands and one for each, with error bars. Series differ by marker as well as by colour; a point under ten
 * stands hatched at the foot and no line goes to it.
 */
import type { Shown } from "#engine/statistics/estimate.ts";
import { BANDS, type TrendPoint } from "#engine/statistics/regional-picture.ts";
import { drawing, element, hatchOf, line, text, ticksTo, title, type Labels } from "./svg.ts";
import { nameText, withBar, type Wording } from "./wording.ts";

const PLOT_HEIGHT = 230;
const RIGHT = 14;
const LEGEND_LINE = 20;
const LETTER = 7;
/** Between the series of one round. */
const STEP = 7;
const MARKER = 4;
/** Of a name at the foot, written aslant. */
const NAME_LETTERS = 14;
/** Down that a letter takes there. */
const NAME_STEP = 4.6;

type Series = { readonly name: string; readonly of: (point: TrendPoint) => Shown | undefined };

/** @param width - In pixels. */
export function trendLines(points: readonly TrendPoint[], wording: Wording, width: number, labels: Labels): string {
  const bands = BANDS.filter((band) => points.some(({ byBand }) => byBand.has(band)));
  const all: Series = { name: wording.term("all"), of: ({ whole }) => whole };
  const series: readonly Series[] = [
    ...(bands.length === 1 ? [] : [all]),
    ...bands.map((band) => ({ name: nameText(wording, band), of: ({ byBand }: TrendPoint) => byBand.get(band) })),
  ];
  const shown = points.flatMap((point) => series.flatMap(({ of }) => of(point) ?? []));
  const ticks = ticksTo(Math.max(10, ...shown.map(({ high }) => high)));
  const left = 16 + Math.max(...ticks.map((tick) => wording.number(tick).length)) * LETTER;
  const legend = legendOf(series, width);
  const top = legend.height + 10;
  const foot = top + PLOT_HEIGHT;
  const y = (value: number): number => foot - (value / (ticks.at(-1) ?? 1)) * PLOT_HEIGHT;
  const room = (width - left - RIGHT) / Math.max(1, points.length);
  const step = Math.min(STEP, room / (series.length + 1));
  const x = (at: number, of: number): number => left + (at + 0.5) * room + (of - (series.length - 1) / 2) * step;

  const axis = ticks.map(
    (tick) =>
      line("tick", left, y(tick), width - RIGHT, y(tick)) +
      text({ class: "axis", x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, wording.number(tick)),
  );
  const every = Math.ceil(16 / room);
  const names = points.map(({ id }, at) => {
    if (at % every !== 0) return "";
    const place = left + (at + 0.5) * room;
    const turn = `rotate(-45 ${Math.round(place)} ${Math.round(foot + 14)})`;
    return text({ class: "axis", x: place, y: foot + 14, "text-anchor": "end", transform: turn }, shortName(id));
  });
  const drawn = series.map(({ name, of }, index) => {
    const placed = points.map((point, at) => ({ point, shown: of(point), x: x(at, index) }));
    const links = placed.slice(1).map((to, at) => {
      const from = placed[at];
      if (from?.shown?.figure == null || to.shown?.figure == null) return "";
      return line("link", from.x, y(from.shown.figure), to.x, y(to.shown.figure));
    });
    const marks = placed.map(({ point, shown: found, x: at }) => {
      if (found === undefined) return "";
      const foundAt = y(found.figure ?? 0);
      return element(
        "g",
        {},
        title(`${point.id}, ${name}: ${withBar(wording, found)}`),
        line("whisker", at, y(found.low), at, y(found.high)),
        line("whisker", at - 3, y(found.high), at + 3, y(found.high)),
        line("whisker", at - 3, y(found.low), at + 3, y(found.low)),
        found.figure === null
          ? element("rect", { class: "under-ten", x: at - 4, y: foot - 8, width: 8, height: 8, fill: hatchOf(labels) })
          : marker(index, at, foundAt),
      );
    });
    return element("g", { class: `series trend-${index}` }, ...links, ...marks);
  });
  const longest = Math.max(...points.map(({ id }) => shortName(id).length));
  return drawing(
    labels,
    [width, foot + 26 + longest * NAME_STEP],
    legend.text + axis.join("") + drawn.join("") + names.join(""),
  );
}

function shortName(id: string): string {
  return id.length > NAME_LETTERS ? `${id.slice(0, NAME_LETTERS - 1)}…` : id;
}

function legendOf(series: readonly Series[], width: number): { readonly text: string; readonly height: number } {
  let [x, y] = [12, 14];
  const items = series.map(({ name }, index) => {
    const wide = 26 + name.length * LETTER;
    if (x + wide > width) [x, y] = [12, y + LEGEND_LINE];
    const item = element(
      "g",
      { class: `series trend-${index}` },
      marker(index, x, y - 4),
      text({ class: "head", x: x + 10, y }, name),
    );
    x += wide;
    return item;
  });
  return { text: items.join(""), height: y + 6 };
}

function marker(index: number, x: number, y: number): string {
  const shapes = [
    `M${x - MARKER} ${y - MARKER}h${2 * MARKER}v${2 * MARKER}h${-2 * MARKER}z`,
    `M${x - MARKER} ${y}a${MARKER} ${MARKER} 0 1 0 ${2 * MARKER} 0a${MARKER} ${MARKER} 0 1 0 ${-2 * MARKER} 0z`,
    `M${x} ${y - MARKER - 1}l${MARKER + 1} ${2 * MARKER}h${-2 * MARKER - 2}z`,
    `M${x} ${y - MARKER - 1}l${MARKER + 1} ${MARKER + 1}l${-MARKER - 1} ${MARKER + 1}l${-MARKER - 1} ${-MARKER - 1}z`,
  ];
  return element("path", { class: "marker", d: shapes[index % shapes.length] ?? "" });
}
