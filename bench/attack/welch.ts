/**
 * Do two kinds of calls take equally long? Measured one among the other in random order, without the slow tail, and tested.
 * Reparaz, Balasch & Verbauwhede (2017), "Dude, is my code constant time?", DATE.
 */
import type { Draws } from "#fixtures/draws.ts";

/** Shares of the fastest samples that are kept, one test each; what interrupts a call is not the call's. */
const KEPT_SHARES = [1, 0.99, 0.95, 0.9, 0.75, 0.5];
/** Calls made before any is measured. */
const WARM_UP = 200;

/** Times of the calls of kinds 0 and 1, milliseconds. */
export type Times = readonly [Float64Array, Float64Array];

/**
 * @param perKind - Calls of each kind that are measured.
 * @param call - Does the work once; `at` counts the kind's calls, so that inputs can be made beforehand.
 */
export async function interleavedTimes(
  perKind: number,
  draws: Draws,
  call: (kind: 0 | 1, at: number) => unknown,
): Promise<Times> {
  const times: Times = [new Float64Array(perKind), new Float64Array(perKind)];
  for (let at = 0; at < WARM_UP; at++) for (const kind of [0, 1] as const) await call(kind, at % perKind);
  // Pair by pair, either first: whichever comes first finds memory cold, and must be neither kind's lot.
  for (let at = 0; at < perKind; at++)
    for (const kind of inTurn(draws)) {
      const started = performance.now();
      const result = call(kind, at);
      // Waiting for what is no promise would be measured too.
      if (result instanceof Promise) await result;
      times[kind][at] = performance.now() - started;
    }
  return times;
}

/** @returns Both kinds, either first. */
export function inTurn(draws: Draws): readonly (0 | 1)[] {
  return draws.chance(0.5) ? [0, 1] : [1, 0];
}

/** @returns Largest |t| over the shares kept; kinds are cut at one common time. */
export function largestT([one, other]: Times): number {
  const pooled = Float64Array.from([...one, ...other]).sort();
  return Math.max(
    ...KEPT_SHARES.map((share) => {
      const most = pooled[Math.ceil(share * pooled.length) - 1] as number;
      const kept = (times: Float64Array): Float64Array => times.filter((time) => time <= most);
      const [keptOne, keptOther] = [kept(one), kept(other)];
      // A cut that leaves hardly any of a kind says that they differ; the whole says by how much.
      return Math.min(keptOne.length, keptOther.length) < 2 ? 0 : Math.abs(welchT(keptOne, keptOther));
    }),
  );
}

/** Welch (1947), "The Generalization of 'Student's' Problem", Biometrika 34. @returns 0 of two constants that are equal. */
export function welchT(one: Float64Array, other: Float64Array): number {
  const [first, second] = [momentsOf(one), momentsOf(other)];
  const difference = first.mean - second.mean;
  return difference === 0 ? 0 : difference / Math.sqrt(first.variance / one.length + second.variance / other.length);
}

export function medianOf(times: Float64Array): number {
  return times.slice().sort()[times.length >>> 1] ?? NaN;
}

function momentsOf(values: Float64Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) };
}
