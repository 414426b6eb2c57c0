/**
 * Hits of each party with each other one as a heat map with figures and error bars, and each party's sum.
 */
import type { Shown } from "#engine/statistics/estimate.ts";
import { pairName, type Matrix } from "#engine/statistics/regional-picture.ts";
import { drawing, element, hatchOf, text, title, type Labels } from "./svg.ts";
import { barText, figureText, withBar, type Wording } from "./wording.ts";

const CELL_HEIGHT = 36;
const LEAST_CELL_WIDTH = 54;
/** A digit of a figure. */
const LETTER = 7.2;
const HEAD = { width: 34, height: 24 };
const GAP = 8;
/** Darkest, so that a figure is still read on it. */
const MOST_OPACITY = 0.45;

export function heatMap({ parties, pairings, byParty }: Matrix, wording: Wording, labels: Labels): string {
  const most = Math.max(1, ...[...pairings.values()].map(({ figure }) => figure ?? 0));
  const longest = Math.max(
    0,
    ...[...pairings.values(), ...byParty.values()].map((each) => figureText(wording, each).length),
  );
  const cellSize = { width: Math.max(LEAST_CELL_WIDTH, longest * LETTER + 14), height: CELL_HEIGHT };
  const sumsX = HEAD.width + parties.length * cellSize.width + GAP;
  const parts = parties.flatMap((party, at) => {
    const [x, y] = [HEAD.width + at * cellSize.width, HEAD.height + at * cellSize.height];
    const sum = byParty.get(party);
    return [
      text({ class: "head", x: x + cellSize.width / 2, y: 16, "text-anchor": "middle" }, party),
      text({ class: "head", x: HEAD.width - 6, y: y + cellSize.height / 2 + 4, "text-anchor": "end" }, party),
      ...(sum === undefined ? [] : [cell(sum, sumsX, y, `${party}: ${withBar(wording, sum)}`, "sum", 0)]),
      ...parties.map((other, column) => {
        const left = HEAD.width + column * cellSize.width;
        const shown = pairings.get(pairName(party, other));
        if (shown !== undefined) {
          const told = `${pairName(party, other)}: ${withBar(wording, shown)}`;
          return cell(shown, left, y, told, "heat", ((shown.figure ?? 0) / most) * MOST_OPACITY);
        }
        const place = { x: left + 1, y: y + 1, width: cellSize.width - 2, height: cellSize.height - 2 };
        return element("rect", { class: party === other ? "diagonal" : "no-pairing", ...place });
      }),
    ];
  });
  const heading = text(
    { class: "head", x: sumsX + cellSize.width / 2, y: 16, "text-anchor": "middle" },
    wording.term("all"),
  );
  const size = [sumsX + cellSize.width + 2, HEAD.height + parties.length * cellSize.height + 2] as const;
  return drawing(labels, size, heading + parts.join(""));

  function cell(shown: Shown, x: number, y: number, told: string, kind: string, opacity: number): string {
    const place = { x: x + 1, y: y + 1, width: cellSize.width - 2, height: cellSize.height - 2 };
    const middle = { x: x + cellSize.width / 2, "text-anchor": "middle" };
    const isUnderTen = shown.figure === null;
    return element(
      "g",
      { class: "cell" },
      title(told),
      element("rect", { class: "ground", ...place }),
      isUnderTen
        ? element("rect", { class: "under-ten", ...place, fill: hatchOf(labels) })
        : element("rect", { class: kind, ...place, "fill-opacity": Math.round(opacity * 100) / 100 + 0.001 }),
      isUnderTen
        ? element("rect", {
            class: "ground",
            x: x + 12,
            y: y + 9,
            width: cellSize.width - 24,
            height: cellSize.height - 18,
          })
        : "",
      text({ class: "figure", ...middle, y: isUnderTen ? y + 22 : y + 16 }, figureText(wording, shown)),
      isUnderTen ? "" : text({ class: "error", ...middle, y: y + 29 }, barText(wording, shown)),
    );
  }
}
