/**
 * The report's pictures. In: lines of the benches. Out: each picture with what it shows in plain words; pictures whose lines
 * are missing are left out.
 */
import { barsSvg, type Bar } from "../plots/bars.ts";
import { chartSvg, COLORS, type Point, type Series } from "../plots/chart.ts";
import { roundCost, stepCost } from "./costs.ts";
import type { Figure } from "./figure.ts";
import { linesWith, oneForEachSize, rateOf, sizeOf, type SpeedLine } from "./lines.ts";
import { logAxis } from "./log-axis.ts";
import { stageBars } from "./stages.ts";

const [BLUE, RED, GREEN] = COLORS;
const GRAY = "#707070";

export function figuresOf(lines: readonly SpeedLine[]): Figure[] {
  return [roundCost(lines), stepCost(lines), stages(lines), bandwidth(lines), memory(lines)].filter(
    (figure) => figure !== undefined,
  );
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
  const readByTwo = withThreads("readBytes", 2);
  const wordsPerSecond = (line: SpeedLine): number => rateOf(line, "bytesPerSecond") / 4;
  const sorted = linesWith(lines, "sort", "keys").at(-1);
  const matched = largest(oneForEachSize(lines));
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
    const reading = sizeOf(line, "workers") === 2 ? (readByTwo ?? read) : read;
    return [
      { name, note, value: rate, label: `${millions(rate)} (${percent(rate / wordsPerSecond(reading))})`, color },
    ];
  });
  const title = "Keys a second against reading memory";
  const readings = [read, ...(readByTwo === undefined ? [] : [readByTwo])].map((line, at): Bar => {
    const rate = wordsPerSecond(line);
    const name = `reading memory, ${at === 0 ? "one thread" : "two threads"}`;
    const label = `${millions(rate)} (${gigabytes(4 * rate)})`;
    return { name, note: "words of 4 bytes, in order", value: rate, label, color: GRAY };
  });
  const gains = (["rowsA", "readBytes", "turns"] as const).flatMap((name) => {
    const two = withThreads(name, 2);
    const what = { rowsA: "joining", readBytes: "reading memory", turns: "arithmetic without memory" }[name];
    return two === undefined ? [] : [`${what} ${sizeOf(two, "speedup").toFixed(2)}`];
  });
  return {
    name: "bandwidth",
    title,
    svg: barsSvg(title, "millions a second; in brackets the share of reading by as many threads", [
      ...readings,
      ...bars,
    ]),
    caption:
      "A join must read at least 4 bytes of every key, so the words that as many threads read of memory in a second are the most that it could join. " +
      `Reading is a plain loop in JavaScript, as joining is. Two threads by one, in the same run: ${gains.join(", ")}. Arithmetic tells how much of a second core was free at ` +
      "that hour: where it gains little, neither can the others.",
    lines: [read, ...used, ...threads.filter((line) => line !== read && !used.includes(line))],
  };
}

function memory(lines: readonly SpeedLine[]): Figure | undefined {
  const found = oneForEachSize(lines).filter((line) => "matchPeakRssMb" in line.size);
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

function largest(lines: readonly SpeedLine[]): SpeedLine | undefined {
  const fastest = lines.toSorted((one, other) => one.medianMs - other.medianMs);
  return fastest.sort((one, other) => sizeOf(other, "rows") - sizeOf(one, "rows"))[0];
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
