/**
 * The law of the noise in closed form: discrete Laplace, P(X = x) = (1 − q)/(1 + q) · q^|x|, q = e^(−1/scale).
 * docs/spec/statistics.md, "Noise" and "Regional picture"; Inusah & Kozubowski (2006), "A Discrete Analogue of the Laplace Distribution".
 */
import { MIN_FIGURE } from "./figures.ts";

/** Probability that noise passes an error bar. */
const ERROR_PROBABILITY = 0.05;
/** Of the normal distribution: P(|Z| > z) = {@link ERROR_PROBABILITY}. */
const NORMAL_QUANTILE = 1.96;

export type NoiseLaw = {
  readonly errorBar: number;
  readonly variance: number;
  readonly fourthCumulant: number;
  /** What a suppressed figure counts in sums; may be below zero. */
  readonly suppressedValue: number;
  /** Most by which a count's mean contribution to a sum is too high, which it is only if the count is under {@link MIN_FIGURE}. */
  readonly bias: number;
};

/** @param scale - Above 0. */
export function noiseLaw(scale: number): NoiseLaw {
  const q = Math.exp(-1 / scale);
  const variance = (2 * q) / (1 - q) ** 2;
  const mean = MIN_FIGURE - 1 - q / (1 - q);
  const suppressedValue = Math.ceil(mean);
  let bias = suppressedValue - mean;
  for (let count = 1; count < MIN_FIGURE; count++) bias += 1 - q ** count;
  return {
    errorBar: errorBar(scale),
    variance,
    fourthCumulant: variance ** 2 * (2 + (1 + q ** 2) / (2 * q)),
    suppressedValue,
    bias,
  };
}

/** @returns Smallest whole b with P(|X| > b) = 2 q^(b+1) / (1 + q) ≤ .05. */
export function errorBar(scale: number): number {
  const logQ = -1 / scale;
  const log = Math.log((ERROR_PROBABILITY * (1 + Math.exp(logQ))) / 2);
  return Math.max(0, Math.ceil(log / logQ) - 1);
}

/**
 * Error bar of a sum of independent noise, from its exact variance and fourth cumulant: the normal quantile, corrected for tails
 * that are heavier. Cornish & Fisher (1938), "Moments and Cumulants in the Specification of Distributions", first term in kurtosis.
 */
export function sumErrorBar(variance: number, fourthCumulant: number): number {
  if (variance === 0) return 0;
  const z = NORMAL_QUANTILE + ((NORMAL_QUANTILE ** 3 - 3 * NORMAL_QUANTILE) / 24) * (fourthCumulant / variance ** 2);
  return z * Math.sqrt(variance);
}
