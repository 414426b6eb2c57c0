/**
 * Lines of the speed benches as the report reads them.
 */
import { z } from "zod";

const SpeedLine = z.looseObject({
  bench: z.string(),
  size: z.record(z.string(), z.number().nullable()),
  medianMs: z.number(),
  machine: z.string(),
  /** When the bench began, UTC; lines that the report did not collect itself have none. */
  date: z.string().optional(),
  /** BENCH. */
  scale: z.string().optional(),
});
export type SpeedLine = z.infer<typeof SpeedLine>;

/**
 * @param text - JSON lines.
 * @throws Error naming the first line that is none of a bench's.
 */
export function parseLines(text: string): SpeedLine[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, at) => {
      const parsed = SpeedLine.safeParse(jsonOf(line));
      if (!parsed.success) throw new Error(`report: line ${at + 1} is not a line of a bench`);
      return parsed.data;
    });
}

/** @returns A count of the line's size; NaN if it has none of this name. */
export function sizeOf({ size }: SpeedLine, name: string): number {
  return size[name] ?? NaN;
}

/** @returns A rate of the line; NaN if it has none of this name. */
export function rateOf(line: SpeedLine, name: `${string}PerSecond`): number {
  const rate = line[name];
  return typeof rate === "number" ? rate : NaN;
}

/** @returns Lines of the bench that have every one of these sizes or rates. */
export function linesWith(lines: readonly SpeedLine[], bench: string, ...names: readonly string[]): SpeedLine[] {
  return lines.filter((line) => line.bench === bench && names.every((name) => name in line || name in line.size));
}

/** @returns Matchings of two parties, of each size with the same workers the one that was repeated most. */
export function oneForEachSize(lines: readonly SpeedLine[]): SpeedLine[] {
  const best = new Map<string, SpeedLine>();
  for (const line of twoParties(lines)) {
    const key = `${sizeOf(line, "rows")} ${sizeOf(line, "workers")}`;
    const known = best.get(key);
    if (known === undefined || Number(line["repeats"]) > Number(known["repeats"])) best.set(key, line);
  }
  return [...best.values()];
}

function twoParties(lines: readonly SpeedLine[]): SpeedLine[] {
  return lines.filter((line) => sizeOf(line, "parties") === 2 && "rows" in line.size);
}

/** @returns What produces the line. */
export function commandOf({ bench, scale }: Pick<SpeedLine, "bench" | "scale">): string {
  const size = scale === undefined || scale === "usual" ? "" : `BENCH=${scale} `;
  return `${size}npm run -s bench -- ${bench} --json`;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
