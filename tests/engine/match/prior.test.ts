/**
 * The prior of one pairing: what it estimates, and that it never leaves the profile's range.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countWeights, estimatePrior, probabilityOf } from "#engine/match/prior.ts";
import { EXAMPLE } from "./example.ts";

const weightList = fc
  .array(fc.integer({ min: -100_000_000, max: 100_000_000 }), { maxLength: 40 })
  .map((millionths) => Float64Array.from(millionths, (value) => value / 1_000_000));
const rowCounts = fc.integer({ min: 1, max: 1_000_000 });

/** @returns `count` weights of the given bits. */
const many = (count: number, bits: number): number[] => Array.from({ length: count }, () => bits);

describe("estimatePrior", () => {
  test("stays within the profile's range whatever the weights", () => {
    fc.assert(
      fc.property(weightList, rowCounts, rowCounts, (weights, rowCountA, rowCountB) => {
        const prior = estimatePrior(EXAMPLE, countWeights(weights), rowCountA, rowCountB);
        expect(prior.matchesPerRow).toBeGreaterThanOrEqual(EXAMPLE.prior.min);
        expect(prior.matchesPerRow).toBeLessThanOrEqual(EXAMPLE.prior.max);
        expect(Number.isFinite(prior.logOddsBits)).toBe(true);
      }),
    );
  });

  test("is the floor, not nothing and not a crash, when there are no pairs", () => {
    const prior = estimatePrior(EXAMPLE, new Map(), 1000, 800);
    expect(prior.matchesPerRow).toBe(EXAMPLE.prior.min);
    expect(prior.logOddsBits).toBeCloseTo(Math.log2(0.001 / 1000 / (1 - 0.001 / 1000)), 12);
  });

  test("is the floor when no pair is likely", () => {
    expect(estimatePrior(EXAMPLE, countWeights(Float64Array.from(many(500, -30))), 1000, 1000).matchesPerRow).toBe(
      0.001,
    );
  });

  test("is the ceiling when every row of a list has a sure partner", () => {
    expect(estimatePrior(EXAMPLE, countWeights(Float64Array.from(many(1000, 60))), 1000, 1000).matchesPerRow).toBe(0.5);
  });

  test("counts sure pairs and those that no rule can see, per row of the smaller batch", () => {
    const weights = Float64Array.from([...many(90, 60), ...many(300, -30)]);
    expect(estimatePrior(EXAMPLE, countWeights(weights), 4000, 1000).matchesPerRow).toBeCloseTo(90 / 0.9 / 1000, 6);
    expect(estimatePrior(EXAMPLE, countWeights(weights), 1000, 4000).matchesPerRow).toBeCloseTo(90 / 0.9 / 1000, 6);
  });

  test("does not depend on the order of pairs or of parties, to the last bit", () => {
    fc.assert(
      fc.property(
        weightList.chain((weights) =>
          fc.tuple(
            fc.constant(weights),
            fc.shuffledSubarray([...weights], { minLength: weights.length }),
            rowCounts,
            rowCounts,
          ),
        ),
        ([weights, shuffled, rowCountA, rowCountB]) => {
          expect(estimatePrior(EXAMPLE, countWeights(Float64Array.from(shuffled)), rowCountB, rowCountA)).toEqual(
            estimatePrior(EXAMPLE, countWeights(weights), rowCountA, rowCountB),
          );
        },
      ),
    );
  });

  test("never falls when a pair's weight rises", () => {
    fc.assert(
      fc.property(weightList, fc.double({ min: 0, max: 40, noNaN: true }), rowCounts, (weights, more, rowCount) => {
        const raised = weights.map((bits, at) => (at === 0 ? bits + more : bits));
        const before = estimatePrior(EXAMPLE, countWeights(weights), rowCount, rowCount).matchesPerRow;
        const after = estimatePrior(EXAMPLE, countWeights(raised), rowCount, rowCount).matchesPerRow;
        expect(after).toBeGreaterThanOrEqual(before - 1e-6);
      }),
    );
  });
});

describe("probabilityOf", () => {
  test("is one half when weight and prior odds cancel", () => {
    expect(probabilityOf(14, -14)).toBe(0.5);
  });

  test("lies in [0, 1] and rises with the weight, for the largest weights too", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1100, max: 1100, noNaN: true }),
        fc.double({ min: 0, max: 1100, noNaN: true }),
        fc.double({ min: -60, max: 60, noNaN: true }),
        (bits, more, odds) => {
          const low = probabilityOf(bits, odds);
          const high = probabilityOf(bits + more, odds);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(1);
          expect(high).toBeGreaterThanOrEqual(low);
        },
      ),
    );
  });
});
