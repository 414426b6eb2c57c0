/**
 * The sampler against the distribution's formula.
 */
import { describe, expect, test } from "vitest";
import { rational } from "#engine/statistics/budget.ts";
import { laplaceSampler } from "#engine/statistics/discrete-laplace.ts";
import { seeded } from "./seeded.ts";

/** P(X = x), q = e^(−1/scale). */
function probability(x: number, scale: number): number {
  const q = Math.exp(-1 / scale);
  return ((1 - q) / (1 + q)) * q ** Math.abs(x);
}

/** P(X ≥ x) for x > 0. */
function tail(x: number, scale: number): number {
  const q = Math.exp(-1 / scale);
  return q ** x / (1 + q);
}

function countsOf(draw: () => number, draws: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (let at = 0; at < draws; at++) {
    const x = draw();
    counts.set(x, (counts.get(x) ?? 0) + 1);
  }
  return counts;
}

/** Pearson's statistic less its mean, in standard deviations; figures of at least 25 expected draws, and two tails. */
function chiSquareDeviation(counts: ReadonlyMap<number, number>, draws: number, scale: number): number {
  let end = 0;
  while (draws * probability(end + 1, scale) >= 25 && draws * tail(end + 2, scale) >= 25) end++;
  let statistic = 0;
  let inner = 0;
  const add = (observed: number, expected: number): void => {
    statistic += (observed - expected) ** 2 / expected;
  };
  let below = 0;
  for (const [x, count] of counts) if (x < -end) below += count;
  for (let x = -end; x <= end; x++) {
    inner += counts.get(x) ?? 0;
    add(counts.get(x) ?? 0, draws * probability(x, scale));
  }
  add(below, draws * tail(end + 1, scale));
  add(draws - inner - below, draws * tail(end + 1, scale));
  const freedom = 2 * end + 2;
  return (statistic - freedom) / Math.sqrt(2 * freedom);
}

describe("the discrete Laplace sampler", () => {
  test.each([
    [1n, 1n, 1_000_000],
    [12n, 1n, 200_000],
    [7n, 3n, 200_000],
    [2n, 5n, 200_000],
    [1n, 4n, 200_000],
    [96n, 1n, 200_000],
  ])("has the formula's distribution, mean and variance for scale %d/%d", (numerator, denominator, draws) => {
    const scale = Number(numerator) / Number(denominator);
    const draw = laplaceSampler(rational(numerator, denominator), seeded(`laplace ${scale}`));
    const counts = countsOf(draw, draws);
    expect(Math.abs(chiSquareDeviation(counts, draws, scale))).toBeLessThan(4);
    let [sum, squares] = [0, 0];
    for (const [x, count] of counts) {
      sum += x * count;
      squares += x * x * count;
    }
    const q = Math.exp(-1 / scale);
    const variance = (2 * q) / (1 - q) ** 2;
    expect(Math.abs(sum / draws)).toBeLessThan(4 * Math.sqrt(variance / draws));
    expect(squares / draws / variance).toBeCloseTo(1, 1);
  });

  test("would be told from one whose scale is 5 % off", () => {
    const draws = 200_000;
    const counts = countsOf(laplaceSampler(rational(12n, 1n), seeded("power")), draws);
    expect(chiSquareDeviation(counts, draws, 12)).toBeLessThan(4);
    expect(chiSquareDeviation(counts, draws, 12 * 1.05)).toBeGreaterThan(8);
  });

  test("gives zero one sign only, and the same draws for the same bytes", () => {
    const draws = (seed: string) => {
      const draw = laplaceSampler(rational(1n, 2n), seeded(seed));
      return Array.from({ length: 1_000 }, draw);
    };
    expect(draws("a").some((x) => Object.is(x, -0))).toBe(false);
    expect(draws("a")).toEqual(draws("a"));
    expect(draws("a")).not.toEqual(draws("b"));
  });

  test("refuses a scale of zero and parts beyond 2³²", () => {
    for (const scale of [rational(0n, 1n), rational(2n ** 32n + 1n, 1n), rational(1n, 2n ** 32n + 1n)])
      expect(() => laplaceSampler(scale, seeded("none"))).toThrow(RangeError);
  });
});
