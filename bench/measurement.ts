/**
 * What a bench gives: measurements, each printed as one JSON line or one line of a table.
 */
import { cpus } from "node:os";

/** `smoke` keeps a bench from rotting, `usual` is the default, `full` is for figures that are quoted. */
const SCALES = ["smoke", "usual", "full"] as const;
export type Scale = (typeof SCALES)[number];

/** A command line or an environment that a bench cannot work with. */
export class WrongUsage extends Error {}

/** @throws {@link WrongUsage} if BENCH names no scale. */
export function wantedScale(): Scale {
  const wanted = process.env["BENCH"] ?? "usual";
  const scale = SCALES.find((known) => known === wanted);
  if (scale === undefined) throw new WrongUsage("BENCH is smoke, usual or full");
  return scale;
}

export type Measurement = {
  /** What was worked on: counts by name, units last. */
  readonly size: Readonly<Record<string, number>>;
  /** Units of work in one second, by name (`keysPerSecond`), from the median time. */
  readonly rates: Readonly<Record<`${string}PerSecond`, number>>;
  readonly medianMs: number;
  readonly repeats: number;
  /** Of the result, in hexadecimal: the same on every machine and in every repeat. */
  readonly checksum: string;
};

export type Bench = {
  readonly name: string;
  /** One line for `--list`. */
  readonly about: string;
  /**
   * Checks itself at a small size, then measures.
   *
   * @throws Error if a result differs from the reference's or between repeats.
   */
  readonly measure: (scale: Scale) => AsyncIterable<Measurement> | Iterable<Measurement>;
};

/** Times of `repeats` runs after one that warms up. */
export type Timing = { readonly medianMs: number; readonly repeats: number };

/**
 * @param run - Does the work once; called `repeats` + 1 times.
 * @param look - Sees each result, outside the time measured.
 */
export function timeRepeats<Result>(repeats: number, run: () => Result, look: (result: Result) => void): Timing {
  look(run());
  const times = Array.from({ length: repeats }, () => {
    const start = performance.now();
    const result = run();
    const time = performance.now() - start;
    look(result);
    return time;
  });
  times.sort((one, other) => one - other);
  return { medianMs: times[repeats >>> 1] ?? NaN, repeats };
}

/** One JSON line; peak memory is the whole process's so far, inputs included. */
export function measurementLine(bench: string, measurement: Measurement): string {
  const { size, rates, medianMs, repeats, checksum } = measurement;
  const rounded = Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, Math.round(rate)]));
  const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  return JSON.stringify({
    bench,
    size,
    ...rounded,
    medianMs: Number(medianMs.toFixed(3)),
    repeats,
    peakRssMb,
    checksum,
    machine: machine(),
  });
}

/** The same for people. */
export function measurementRow(bench: string, measurement: Measurement): string {
  const { size, rates, medianMs, checksum } = measurement;
  const counted = Object.entries(size).map(([name, count]) => `${name} ${count.toLocaleString("en")}`);
  const perSecond = Object.entries(rates).map(
    ([name, rate]) => `${(rate / 1e6).toFixed(rate < 1e7 ? 3 : 1)} M ${name.replace("PerSecond", "/s")}`,
  );
  return [bench.padEnd(8), counted.join(", "), `${medianMs.toFixed(1)} ms`, ...perSecond, checksum].join("  ");
}

/** Processor, cores, memory and Node of this machine. */
export function machine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim().replace(/\s+/g, " ") ?? "unknown processor";
  return `${model}, ${processors.length} cores, node ${process.versions.node}`;
}
