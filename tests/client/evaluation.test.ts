/**
 * Quality figures, against an example worked out by hand.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, type WeighedPair } from "#client/evaluation.ts";

const pair = (refA: string, refB: string, weightBits: number, band: string): WeighedPair => ({
  refA,
  refB,
  weightBits,
  band,
});

/** Five true pairs; four are candidates. In order of weight: true, true, false with true (a tie), false, true. */
const PAIRS = [
  pair("a5", "b6", 2, "low"),
  pair("a1", "b1", 9, "high"),
  pair("a2", "b2", 8, "high"),
  pair("a3", "b9", 7, "high"),
  pair("a3", "b3", 7, "high"),
  pair("a4", "b4", 1, "none"),
];
const TRUTH: [string, string][] = [
  ["a1", "b1"],
  ["b2", "a2"],
  ["a3", "b3"],
  ["a4", "b4"],
  ["a7", "b7"],
];

describe("the example", () => {
  const evaluation = evaluate(PAIRS, TRUTH);

  test("has its best F1 where three of four pairs are true", () => {
    // 9: P 1/1, R 1/5. 8: 2/2, 2/5. 7: 3/4, 3/5, F1 2/3. 2: 3/5, 3/5, F1 3/5. 1: 4/6, 4/5, F1 8/11.
    expect(evaluation.best.thresholdBits).toBe(1);
    expect(evaluation.best.precision).toBeCloseTo(4 / 6, 12);
    expect(evaluation.best.recall).toBeCloseTo(4 / 5, 12);
    expect(evaluation.best.f1).toBeCloseTo(8 / 11, 12);
  });

  test("reaches precision .95 and .99 with two pairs", () => {
    const two = { thresholdBits: 8, precision: 1, recall: 0.4, f1: 0.8 / 1.4 };
    expect(evaluation.atPrecision95).toEqual(two);
    expect(evaluation.atPrecision99).toEqual(two);
  });

  test("has the area under its steps", () => {
    expect(evaluation.averagePrecision).toBeCloseTo(1 * 0.4 + 0.75 * 0.2 + (4 / 6) * 0.2, 12);
    expect(evaluation.candidateRecall).toBeCloseTo(0.8, 12);
  });

  test("counts each band and the references that bridge", () => {
    expect(new Set(evaluation.bands)).toEqual(
      new Set([
        { band: "high", pairs: 4, truePairs: 3 },
        { band: "low", pairs: 1, truePairs: 0 },
        { band: "none", pairs: 1, truePairs: 1 },
      ]),
    );
    // b3 and b9 both touch a3, which touches two.
    expect(evaluation.bridgingRefs).toBe(2);
    expect([evaluation.truePairs, evaluation.candidatePairs]).toEqual([5, 6]);
  });
});

describe("an evaluation", () => {
  test("does not depend on the order of pairs or of truth", () => {
    const shuffled = fc.tuple(
      fc.shuffledSubarray(PAIRS, { minLength: PAIRS.length }),
      fc.shuffledSubarray(TRUTH, { minLength: TRUTH.length }),
    );
    const { bands, ...figures } = evaluate(PAIRS, TRUTH);
    fc.assert(
      fc.property(shuffled, ([pairs, truth]) => {
        const { bands: found, ...others } = evaluate(pairs, truth);
        expect(others).toEqual(figures);
        expect(new Set(found)).toEqual(new Set(bands));
      }),
    );
  });

  test("counts a true pair told twice once", () => {
    expect(evaluate(PAIRS, [...TRUTH, ["a1", "b1"], ["b1", "a1"]])).toEqual(evaluate(PAIRS, TRUTH));
  });

  test("of nothing is nothing", () => {
    expect(evaluate([], TRUTH)).toMatchObject({
      best: { f1: 0 },
      candidateRecall: 0,
      averagePrecision: 0,
      atPrecision95: undefined,
    });
    expect(evaluate(PAIRS, [])).toMatchObject({ truePairs: 0, best: { f1: 0 } });
  });

  test("without a true candidate reaches no precision", () => {
    expect(evaluate([pair("x", "y", 5, "high")], TRUTH)).toMatchObject({
      atPrecision95: undefined,
      atPrecision99: undefined,
    });
  });
});
