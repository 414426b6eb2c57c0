/**
 * What a published figure says of the count behind it, to one who knows the noise's law. docs/spec/statistics.md, "Noise"
 */
import { MIN_FIGURE } from "#engine/statistics/figures.ts";

/** A published figure; null is suppressed. */
export type Seen = number | null;

/** @returns Natural logarithm of the probability that a count is published so. */
export function logProbability(seen: Seen, count: number, scale: number): number {
  const q = Math.exp(-1 / scale);
  if (seen !== null) return Math.log((1 - q) / (1 + q)) - Math.abs(seen - count) / scale;
  const most = MIN_FIGURE - 1 - count;
  const below = most < 0 ? q ** -most / (1 + q) : 1 - q ** (most + 1) / (1 + q);
  return Math.log(below);
}

/** @returns What 95 % of the errors do not pass, whatever their sign. */
export function errorOf(errors: readonly number[]): number {
  const sorted = errors.map(Math.abs).sort((a, b) => a - b);
  return sorted[Math.floor(0.95 * sorted.length)] ?? NaN;
}
