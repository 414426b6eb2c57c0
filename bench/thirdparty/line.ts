/**
 * Lines of the bench beside its rivals: what a child process prints, and what is kept in lines.jsonl.
 */
import { z } from "zod";

const Seconds = z.number().nonnegative();
const Versions = z.record(z.string(), z.string());

/** The last line of a child's standard output. */
export const ChildLine = z.strictObject({
  /** Wall time of each repeat; for anonlink's kernel, one thread, its processor time. */
  timesS: z.array(z.number().positive()).min(1),
  /** Processor time of the whole child, where it does its work once. */
  cpuS: Seconds.optional(),
  /** Parts of `cpuS`. */
  stages: z.record(z.string(), Seconds).optional(),
  /** Pairs, or elements, that it found, where no file of pairs says so. */
  results: z.int().nonnegative().optional(),
  versions: Versions,
});
export type ChildLine = z.infer<typeof ChildLine>;

const SYSTEMS = ["aquila", "anonlink", "splink", "duckdb", "psi.js"] as const;
export type System = (typeof SYSTEMS)[number];

/** Recall is null where no threshold reaches the precision. */
const Quality = z.strictObject({
  truePairs: z.int().nonnegative(),
  pairs: z.int().nonnegative(),
  f1: z.number(),
  recallAt95: z.number().nullable(),
  recallAt99: z.number().nullable(),
});
export type Quality = z.infer<typeof Quality>;

/**
 * `link`: two lists end to end, in one process; `round`: the same over HTTP, between two parties and a secretariat; `compare`: all pairs of two lists of Bloom filters; `join`: two columns of keys;
 * `intersect`: exact private set intersection of two sets of keys.
 */
export const MeasuredLine = z.strictObject({
  system: z.enum(SYSTEMS),
  measure: z.enum(["link", "round", "compare", "join", "intersect"]),
  /** Of one `data` all lines come from the same files. */
  data: z.string().min(1),
  rowsA: z.int().positive(),
  rowsB: z.int().positive(),
  basis: z.enum(["measured", "projected"]),
  /** Median of `repeats`. */
  wallS: z.number().positive(),
  cpuS: Seconds.nullable(),
  repeats: z.int().nonnegative(),
  /** Cores that the child was held to; null is all of the machine. */
  cores: z.int().positive().nullable(),
  rate: z.strictObject({ unit: z.enum(["comparisons", "keys", "records"]), perSecond: z.number().positive() }),
  results: z.int().nonnegative().nullable(),
  quality: Quality.optional(),
  /** After a one-to-one assignment, which the others do without. */
  oneToOneQuality: Quality.optional(),
  stages: z.record(z.string(), Seconds).optional(),
  versions: Versions,
  /** How it was done, or projected. */
  note: z.string().optional(),
});
export type MeasuredLine = z.infer<typeof MeasuredLine>;

export const SkippedLine = z.strictObject({ system: z.enum(SYSTEMS), skipped: z.string().min(1) });
export type SkippedLine = z.infer<typeof SkippedLine>;

export const RunLine = z.strictObject({ machine: z.string(), command: z.string() });
export type RunLine = z.infer<typeof RunLine>;

export const ThirdpartyLine = z.union([MeasuredLine, SkippedLine, RunLine]);
export type ThirdpartyLine = z.infer<typeof ThirdpartyLine>;

/**
 * @param output - Standard output of a child; what its libraries print before the line is passed over.
 * @throws Error if the last line is none.
 */
export function readChildLine(output: string): ChildLine {
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  try {
    return ChildLine.parse(JSON.parse(last));
  } catch (cause) {
    throw new Error(`a child ended without its line: ${last.slice(0, 200)}`, { cause });
  }
}

/** @param text - One line a row, as lines.jsonl holds them. */
export function readLines(text: string): ThirdpartyLine[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ThirdpartyLine.parse(JSON.parse(line)));
}

/** JSON with seconds and rates to four significant digits, quality to four decimals. */
export function lineText(line: ThirdpartyLine): string {
  return JSON.stringify(line, (key, value: unknown) => {
    if (typeof value !== "number" || Number.isInteger(value)) return value;
    return key === "f1" || key.startsWith("recall") ? Number(value.toFixed(4)) : Number(value.toPrecision(4));
  });
}

/** @returns The middle time, the upper one of two. */
export function median(times: readonly number[]): number {
  const middle = times.toSorted((one, other) => one - other)[times.length >>> 1];
  if (middle === undefined) throw new RangeError("no times");
  return middle;
}
