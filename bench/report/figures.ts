/**
 * The report's pictures. In: lines of the benches. Out: each picture with what it shows in plain words; pictures whose lines
 * are missing are left out.
 */
import { barsSvg, type Bar } from "../plots/bars.ts";
import { chartSvg, COLORS, type Point, type Series } from "../plots/chart.ts";
import { linesWith, rateOf, sizeOf, type SpeedLine } from "./lines.ts";
import { logAxis } from "./log-axis.ts";
import { powerFit } from "./power-fit.ts";
import { stageBars } from "./stages.ts";

export type Figure = {
  /** Of its file. */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
  /** What it shows and how to read it. */
  readonly caption: string;
  /** Lines that it was drawn from. */
  readonly lines: readonly SpeedLine[];
};

const [BLUE, RED, GREEN] = COLORS;
const GRAY = "#707070";

/** What one key costs, measured at a size: points of one kind of work. */
type Cost = { readonly name: string; readonly lines: readonly SpeedLine[]; readonly points: readonly Point[] };

export function figuresOf(lines: readonly SpeedLine[]): Figure[] {
  return [roundCost(lines), stepCost(lines), stages(lines), bandwidth(lines), memory(lines)].filter(
    (figure) => figure !== undefined,
  );
}

function roundCost(lines: readonly SpeedLine[]): Figure | undefined {
  const rounds = twoParties(lines).filter((line) => line.bench === "round");
  const byWorkers = [...Map.groupBy(rounds, (line) => sizeOf(line, "workers"))];
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

function stepCost(lines: readonly SpeedLine[]): Figure | undefined {
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
      `${what}: time grows as size to the power of ${exponent} (${points.length} sizes, R² ${fit.determination.toFixed(3)})`,
    );
    const along = sorted.map(([x]): Point => [x, fit.factor * x ** fit.exponent]);
    return [{ ...measured }, { name: `fitted exponent ${exponent}`, points: along, color: GRAY, dashes: "6 4" }];
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
  const found = fits.length === 0 ? "One size alone gives no exponent." : `${fits.join("; ")}.`;
  return { name, title, svg, caption: `${caption} ${found}`, lines: costs.flatMap((cost) => cost.lines) };
}

function stages(lines: readonly SpeedLine[]): Figure | undefined {
  const { bars, lines: used } = stageBars(lines);
  if (bars.length === 0) return undefined;
  const title = "What one record costs, stage by stage";
  return {
    name: "stages",
    title,
    svg: barsSvg(title, "microseconds for one record; shorter is faster", bars),
    caption:
      "Facts and list are paid once for each record of a list; the batch, its sending and its matching once for each counterpart. " +
      "A million records at 10 microseconds take 10 seconds.",
    lines: used,
  };
}

function bandwidth(lines: readonly SpeedLine[]): Figure | undefined {
  const threads = linesWith(lines, "join", "workers");
  const withThreads = (name: string, workers: number): SpeedLine | undefined =>
    threads.find((line) => name in line.size && sizeOf(line, "workers") === workers);
  const read = withThreads("readBytes", 1);
  if (read === undefined) return undefined;
  const wordsPerSecond = rateOf(read, "bytesPerSecond") / 4;
  const sorted = linesWith(lines, "sort", "keys").at(-1);
  const matched = largest(twoParties(lines).filter(({ bench }) => bench === "round"));
  const rows: { name: string; note: string; line: SpeedLine | undefined; color: string }[] = [
    { name: "join, one thread", note: "columns in memory", line: withThreads("rowsA", 1), color: BLUE },
    { name: "join, two threads", note: "columns of its own for each", line: withThreads("rowsA", 2), color: BLUE },
    { name: "sort, one thread", note: "keys with their rows", line: sorted, color: GREEN },
    { name: "match stage", note: "from disk, decrypted, scored", line: matched, color: RED },
  ];
  const used = rows.flatMap(({ line }) => (line === undefined ? [] : [line]));
  const bars = rows.flatMap(({ name, note, line, color }): Bar[] => {
    if (line === undefined) return [];
    const rate = rateOf(line, "keysPerSecond");
    return [{ name, note, value: rate, label: `${millions(rate)} (${percent(rate / wordsPerSecond)})`, color }];
  });
  const title = "Keys a second against reading memory";
  const reading = { name: "reading memory, one thread", note: "words of 4 bytes, in order", color: GRAY };
  const gains = (["rowsA", "readBytes", "turns"] as const).flatMap((name) => {
    const two = withThreads(name, 2);
    const what = { rowsA: "joining", readBytes: "reading memory", turns: "arithmetic without memory" }[name];
    return two === undefined ? [] : [`${what} ${sizeOf(two, "speedup").toFixed(2)}`];
  });
  return {
    name: "bandwidth",
    title,
    svg: barsSvg(title, "millions a second; in brackets the share of reading memory", [
      { ...reading, value: wordsPerSecond, label: `${millions(wordsPerSecond)} (${gigabytes(4 * wordsPerSecond)})` },
      ...bars,
    ]),
    caption:
      "A join must read at least 4 bytes of every key, so what one thread reads of memory in that time is the most that it could reach. " +
      `Two threads by one, in the same run: ${gains.join(", ")}. Arithmetic tells how much of a second core was free at ` +
      "that hour: where it gains little, neither can the others.",
    lines: [read, ...used, ...threads.filter((line) => line !== read && !used.includes(line))],
  };
}

function memory(lines: readonly SpeedLine[]): Figure | undefined {
  const found = twoParties(lines).filter((line) => "matchPeakRssMb" in line.size);
  if (found.length === 0) return undefined;
  const byWorkers = [...Map.groupBy(found, (line) => sizeOf(line, "workers"))].sort(([one], [other]) => one - other);
  const point = (line: SpeedLine, value: number): Point => [sizeOf(line, "rows"), value];
  const ordered = found.toSorted((one, other) => sizeOf(one, "rows") - sizeOf(other, "rows"));
  const series: Series[] = [
    ...byWorkers.map(([workers, same], at): Series => {
      const points = same
        .map((line) => point(line, sizeOf(line, "matchPeakRssMb")))
        .sort(([one], [other]) => one - other);
      const labels = points.map(([, megabytes]) => String(megabytes));
      const name = `peak memory of matching, ${workers} ${workers === 1 ? "worker" : "workers"}`;
      return { name, points, color: COLORS[at % COLORS.length] ?? BLUE, dots: true, labels };
    }),
    {
      name: "both batches on disk",
      points: ordered.map((line) => point(line, sizeOf(line, "bytes") / 2 ** 20)),
      color: GRAY,
      dashes: "6 4",
    },
  ];
  const drawn = series.flatMap(({ points }) => points);
  const title = "Memory of matching against size";
  const svg = chartSvg({
    title,
    x: logAxis(
      "records of each party",
      drawn.map(([x]) => x),
    ),
    y: logAxis(
      "mebibytes",
      drawn.map(([, y]) => y),
    ),
    series,
  });
  return {
    name: "memory",
    title,
    svg,
    caption:
      "The most that the matching process held at once (peak resident set), two parties. Batches stay on disk: where the full line lies below " +
      "the dashed one, less is held than the batches take.",
    lines: found,
  };
}

function twoParties(lines: readonly SpeedLine[]): SpeedLine[] {
  return lines.filter((line) => sizeOf(line, "parties") === 2 && "rows" in line.size);
}

function largest(lines: readonly SpeedLine[]): SpeedLine | undefined {
  const fastest = lines.toSorted((one, other) => one.medianMs - other.medianMs);
  return fastest.sort((one, other) => sizeOf(other, "rows") - sizeOf(one, "rows"))[0];
}

function secondsText(seconds: number): string {
  return seconds < 1 ? `${Number((seconds * 1_000).toPrecision(3))} ms` : `${Number(seconds.toPrecision(3))} s`;
}

function millions(rate: number): string {
  return `${Number((rate / 1e6).toPrecision(3))} M`;
}

function gigabytes(rate: number): string {
  return `${(rate / 1e9).toFixed(2)} GB/s`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
