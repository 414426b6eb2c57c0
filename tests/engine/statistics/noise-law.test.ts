/**
 * The noise's closed forms against sums over its probabilities and against the real sampler.
 */
import { describe, expect, test } from "vitest";
import { rational } from "#engine/statistics/budget.ts";
import { laplaceSampler } from "#engine/statistics/discrete-laplace.ts";
import { errorBar, noiseLaw, sumErrorBar } from "#engine/statistics/noise-law.ts";
import { seeded } from "./seeded.ts";

const SCALES = [2, 6, 12, 24, 66, 96];

/** Σ f(x) P(X = x), far beyond where anything is left. */
function expectation(scale: number, f: (x: number) => number): number {
  const q = Math.exp(-1 / scale);
  const most = Math.ceil(60 * scale);
  let sum = 0;
  for (let x = -most; x <= most; x++) sum += ((1 - q) / (1 + q)) * q ** Math.abs(x) * f(x);
  return sum;
}

/** D of Kolmogorov and Smirnov between draws and the law of `scale`, times √n; over 1.63 has a chance below .01. */
function kolmogorov(draws: readonly number[], scale: number): number {
  const q = Math.exp(-1 / scale);
  const below = (x: number): number => (x < 0 ? q ** -x / (1 + q) : 1 - q ** (x + 1) / (1 + q));
  const counts = new Map<number, number>();
  for (const x of draws) counts.set(x, (counts.get(x) ?? 0) + 1);
  let [seen, furthest] = [0, 0];
  for (const [x, count] of [...counts].sort(([a], [b]) => a - b)) {
    seen += count;
    furthest = Math.max(furthest, Math.abs(seen / draws.length - below(x)));
  }
  return furthest * Math.sqrt(draws.length);
}

describe("the noise's law", () => {
  test.each(SCALES)("has the variance, fourth cumulant and error bar of its probabilities, scale %d", (scale) => {
    const law = noiseLaw(scale);
    const variance = expectation(scale, (x) => x ** 2);
    expect(law.variance / variance).toBeCloseTo(1, 9);
    const fourthCumulant = expectation(scale, (x) => x ** 4) - 3 * variance ** 2;
    expect(law.fourthCumulant / fourthCumulant).toBeCloseTo(1, 8);
    const beyond = (bar: number): number => expectation(scale, (x) => (Math.abs(x) > bar ? 1 : 0));
    expect(beyond(law.errorBar)).toBeLessThanOrEqual(0.05);
    expect(beyond(law.errorBar - 1)).toBeGreaterThan(0.05);
  });

  test.each(SCALES)("counts a suppressed figure so that a count's mean is itself from nine on, scale %d", (scale) => {
    const { suppressedValue, bias } = noiseLaw(scale);
    const q = Math.exp(-1 / scale);
    const rounding = suppressedValue - (9 - q / (1 - q));
    expect(rounding).toBeGreaterThanOrEqual(0);
    expect(rounding).toBeLessThan(1);
    const meanOf = (count: number): number =>
      expectation(scale, (x) => (count + x >= 10 ? count + x : suppressedValue - rounding));
    for (const count of [9, 10, 30, 5 * scale]) expect(meanOf(count)).toBeCloseTo(count, 6);
    for (const count of [0, 1, 5, 8]) {
      expect(meanOf(count)).toBeGreaterThan(count);
      expect(meanOf(count) - count + rounding).toBeLessThanOrEqual(bias + 1e-9);
    }
    expect(meanOf(0) + rounding, "the bound is met").toBeCloseTo(bias, 6);
  });

  test.each([12, 66])("is the real sampler's, and not that of one a twentieth off, scale %d", (scale) => {
    const draw = laplaceSampler(rational(BigInt(scale), 1n), seeded(`law ${scale}`));
    const draws = Array.from({ length: 100_000 }, draw);
    expect(kolmogorov(draws, scale)).toBeLessThan(1.63);
    expect(kolmogorov(draws, scale * 1.05)).toBeGreaterThan(2);
    expect(kolmogorov(draws, scale / 1.05)).toBeGreaterThan(2);
  });

  test("of a sum has a bar that grows with the root of the number, and never falls below the normal one", () => {
    const { variance, fourthCumulant, errorBar: single } = noiseLaw(66);
    const bars = [1, 4, 100].map((count) => sumErrorBar(count * variance, count * fourthCumulant));
    expect(bars[0]).toBeGreaterThan(single);
    bars.forEach((bar, at) => {
      expect(bar).toBeGreaterThan(1.96 * Math.sqrt(([1, 4, 100][at] ?? 0) * variance));
    });
    expect(bars[2]).toBeLessThan(1.965 * Math.sqrt(100 * variance));
    expect(sumErrorBar(0, 0)).toBe(0);
    expect(errorBar(12)).toBe(36);
  });
});
