/**
 * Time against size on logarithmic axes, with the power law nearest to the points.
 */
import { chartSvg, COLORS, type Point, type Series } from "../plots/chart.ts";
import type { Figure } from "./figure.ts";
import { linesWith, oneForEachSize, sizeOf, type SpeedLine } from "./lines.ts";
import { logAxis } from "./log-axis.ts";
import { powerFit } from "./power-fit.ts";

const [BLUE] = COLORS;
const GRAY = "#707070";

/** One kind of work, measured at several sizes. */
type Cost = { readonly name: string; readonly lines: readonly SpeedLine[]; readonly points: readonly Point[] };

export function roundCost(lines: readonly SpeedLine[]): Figure | undefined {
  const byWorkers = [...Map.groupBy(oneForEachSize(lines), (line) => sizeOf(line, "workers"))];
  const [found] = byWorkers.sort(([, one], [, other]) => other.length - one.length);
  if (found === undefined) return undefined;
  const [workers, same] = found;
  const points = same.map((line): Point => [sizeOf(line, "rows"), line.medianMs / 1_000]);
  const cost = { name: `two parties, ${workers} workers`, lines: same, points };
  return costFigure(
    "cost-round",
    "Matching two parties: time against size",
    "records of each party",
    [cost],
    "Each point is one matching of two lists: read from disk, decrypted, joined, scored. The dashed line is the power law nearest to the " +
      "points. An exponent of 1 means that lists twice as long take twice the time; 2 would mean four times. It is " +
      "below 1 while what a round takes however small it is still counts.",
  );
}

export function stepCost(lines: readonly SpeedLine[]): Figure | undefined {
  const costs: Cost[] = [
    { name: "sort a column at the party", found: linesWith(lines, "sort", "keys") },
    { name: "join two columns at the secretariat", found: linesWith(lines, "join", "sharedKeys") },
  ].flatMap(({ name, found }) => {
    const keys = (line: SpeedLine): number =>
      line.bench === "sort" ? sizeOf(line, "keys") : sizeOf(line, "rowsA") + sizeOf(line, "rowsB");
    const points = found.map((line): Point => [keys(line), line.medianMs / 1_000]);
    return points.length === 0 ? [] : [{ name, lines: found, points }];
  });
  return costFigure(
    "cost-steps",
    "Sorting and joining keys in memory: time against size",
    "keys, of both columns where there are two",
    costs,
    "The two steps that touch every key, on one core, without disk and encryption. Where a line rises faster than its first points, " +
      "the columns have outgrown the processor's caches.",
  );
}

function costFigure(
  name: string,
  title: string,
  sizeLabel: string,
  costs: readonly Cost[],
  caption: string,
): Figure | undefined {
  const all = costs.flatMap(({ points }) => points);
  if (all.length === 0) return undefined;
  const fits: string[] = [];
  const series = costs.flatMap(({ name: what, points }, at): Series[] => {
    const color = COLORS[at % COLORS.length] ?? BLUE;
    const sorted = points.toSorted(([one], [other]) => one - other);
    const labels = sorted.map(([, seconds]) => secondsText(seconds));
    const measured: Series = { name: what, points: sorted, color, dots: true, labels };
    const fit = powerFit(sorted);
    if (fit === undefined) return [measured];
    const exponent = fit.exponent.toFixed(2);
    fits.push(
      `${what}: time grows as size to the power of ${exponent} (${points.length} sizes, R² ${fit.determination.toFixed(3)})${lastStep(sorted)}`,
    );
    const along = sorted.map(([x]): Point => [x, fit.factor * x ** fit.exponent]);
    // Below the measured line and its labels.
    return [{ name: `${what}: fitted exponent ${exponent}`, points: along, color: GRAY, dashes: "6 4" }, measured];
  });
  const drawn = series.flatMap(({ points }) => points);
  const svg = chartSvg({
    title,
    x: logAxis(
      sizeLabel,
      drawn.map(([x]) => x),
    ),
    y: logAxis(
      "seconds",
      drawn.map(([, y]) => y),
    ),
    series,
  });
  const found = fits.length === 0 ? "One size alone gives no exponent." : `Fitted: ${fits.join("; ")}.`;
  return { name, title, svg, caption: `${caption} ${found}`, lines: costs.flatMap((cost) => cost.lines) };
}

/** Of the two largest sizes, when there are more. */
function lastStep(sorted: readonly Point[]): string {
  const fit = sorted.length < 3 ? undefined : powerFit(sorted.slice(-2));
  return fit === undefined ? "" : `, to the power of ${fit.exponent.toFixed(2)} between the two largest`;
}

function secondsText(seconds: number): string {
  return seconds < 1 ? `${Number((seconds * 1_000).toPrecision(3))} ms` : `${Number(seconds.toPrecision(3))} s`;
}
