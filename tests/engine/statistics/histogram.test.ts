/**
 * What one record can change in a count, by every way of putting it in.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distinctHits, histogramOf, type RowWithHits } from "#engine/statistics/histogram.ts";
import { RISK_INDICATORS } from "#engine/statistics/figures.ts";

const BANDS = ["high", "medium", "low"] as const;
type Hit = Parameters<typeof distinctHits>[0][number];

/** Hits of a pairing of seven rows a side, in order of row a, then row b. */
const hits = fc
  .uniqueArray(fc.tuple(fc.nat(6), fc.nat(6), fc.constantFrom(...BANDS)), {
    selector: ([a, b]) => `${a} ${b}`,
    maxLength: 40,
  })
  .map((found) =>
    found
      .sort(([a, b], [otherA, otherB]) => a - otherA || b - otherB)
      .map(([a, b, band]): Hit => ({ handleA: String(a), handleB: String(b), band })),
  );

function distance(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): number {
  return Object.keys(one).reduce((sum, name) => sum + Math.abs((one[name] ?? 0) - (other[name] ?? 0)), 0);
}

describe("distinct hits", () => {
  test("count each row once, the most certain hits first", () => {
    const found: Hit[] = [
      { handleA: "1", handleB: "1", band: "low" },
      { handleA: "1", handleB: "2", band: "high" },
      { handleA: "2", handleB: "1", band: "medium" },
      { handleA: "2", handleB: "2", band: "medium" },
      { handleA: "3", handleB: "3", band: "low" },
    ];
    expect(distinctHits(found)).toEqual({ high: 1, medium: 1, low: 1 });
  });

  test("of a row that matches everything count one", () => {
    const flood = Array.from({ length: 1_000 }, (_, b): Hit => ({ handleA: "1", handleB: String(b), band: "high" }));
    expect(distinctHits(flood)).toEqual({ high: 1, medium: 0, low: 0 });
  });

  test("change by at most one a band, three in all, with the hits of any one row of either party", () => {
    let furthest = 0;
    fc.assert(
      fc.property(hits, fc.constantFrom("handleA" as const, "handleB" as const), fc.nat(6), (found, side, row) => {
        const change = distance(distinctHits(found), distinctHits(found.filter((hit) => hit[side] !== String(row))));
        furthest = Math.max(furthest, change);
        expect(change).toBeLessThanOrEqual(3);
      }),
      { numRuns: 20_000, seed: 7 },
    );
    expect(furthest, "the bound is met").toBe(3);
  });
});

const row = fc.record<RowWithHits>({
  counterpartCount: fc.integer({ min: 1, max: 11 }),
  category: fc.constantFrom("", "other", "suspect"),
  riskIndicators: fc.uniqueArray(fc.constantFrom(...RISK_INDICATORS, "made-up", "constructor")),
});
const CATEGORIES = ["other", "suspect"];

function histogramDistance(one: readonly RowWithHits[], other: readonly RowWithHits[]): number {
  const [a, b] = [histogramOf(one, CATEGORIES), histogramOf(other, CATEGORIES)];
  return (
    distance(a.counterparts, b.counterparts) +
    distance(a.categories, b.categories) +
    distance(a.riskIndicators, b.riskIndicators)
  );
}

describe("a party's histogram", () => {
  test("counts a row by counterparts, by category and by its first two indicators of the list", () => {
    const rows: RowWithHits[] = [
      { counterpartCount: 1, category: "suspect", riskIndicators: ["recruiter", "violent", "armed", "unheard-of"] },
      { counterpartCount: 3, category: "", riskIndicators: [] },
      { counterpartCount: 4, category: "other", riskIndicators: ["recruiter"] },
      { counterpartCount: 11, category: "other", riskIndicators: ["armed"] },
    ];
    expect(histogramOf(rows, CATEGORIES)).toEqual({
      counterparts: { one: 1, two: 0, three: 1, "four-or-more": 2 },
      categories: { other: 3, suspect: 1 },
      riskIndicators: {
        armed: 2,
        violent: 1,
        "escape-risk": 0,
        financer: 0,
        recruiter: 1,
        "foreign-fighter": 0,
      },
    });
  });

  test("changes by at most four with a row, and when a row loses a counterpart", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), row, (rows, changed) => {
        expect(histogramDistance(rows, [...rows, changed])).toBeLessThanOrEqual(4);
        const less = changed.counterpartCount - 1;
        const without = less === 0 ? rows : [...rows, { ...changed, counterpartCount: less }];
        expect(histogramDistance(without, [...rows, changed])).toBeLessThanOrEqual(4);
      }),
    );
    expect(
      histogramDistance([], [{ counterpartCount: 2, category: "", riskIndicators: ["armed", "violent", "financer"] }]),
      "the bound is met",
    ).toBe(4);
  });

  test("refuses a row of a category that the round does not admit, without naming it, and one without hits", () => {
    const strange: RowWithHits = { counterpartCount: 1, category: "witness", riskIndicators: [] };
    expect(() => histogramOf([strange], CATEGORIES)).toThrow(expect.objectContaining({ code: "record-invalid" }));
    expect(() => histogramOf([strange], CATEGORIES)).toThrow(/^(?!.*witness)/);
    expect(() => histogramOf([{ ...strange, counterpartCount: 0 }], ["witness"])).toThrow(RangeError);
  });
});
