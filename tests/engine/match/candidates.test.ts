/**
 * Folding the joins of all rules by pair.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countBridgingRows, foldPairs, type CandidatePairs, type RulePairs } from "#engine/match/candidates.ts";

const ROWS = 9;
const part: fc.Arbitrary<RulePairs> = fc.record({
  rule: fc.integer({ min: 0, max: 31 }),
  pairs: fc
    .array(fc.tuple(fc.nat(ROWS - 1), fc.nat(ROWS - 1)), { maxLength: 12 })
    .map((pairs) => Uint32Array.from(pairs.flat())),
});
const parts = fc.array(part, { maxLength: 8 });

function listed(pairs: CandidatePairs): { rowA: number; rowB: number; pattern: number }[] {
  return Array.from(pairs.rowA, (rowA, at) => ({
    rowA,
    rowB: pairs.rowB[at] ?? NaN,
    pattern: pairs.pattern[at] ?? NaN,
  }));
}

/** The same by sets of rules named in text. */
function folded(given: readonly RulePairs[]): { rowA: number; rowB: number; pattern: number }[] {
  const rules = new Map<string, Set<number>>();
  for (const { rule, pairs } of given) {
    for (let at = 0; at < pairs.length; at += 2) {
      const pair = `${pairs[at] ?? ""} ${pairs[at + 1] ?? ""}`;
      rules.set(pair, (rules.get(pair) ?? new Set()).add(rule));
    }
  }
  return [...rules]
    .map(([pair, agreeing]) => {
      const [rowA = NaN, rowB = NaN] = pair.split(" ").map(Number);
      return { rowA, rowB, pattern: [...agreeing].reduce((sum, rule) => sum + 2 ** rule, 0) };
    })
    .sort((one, other) => one.rowA - other.rowA || one.rowB - other.rowB);
}

describe("foldPairs", () => {
  test("gives each pair once, with one bit for each agreeing rule, in order of rows", () => {
    fc.assert(
      fc.property(parts, (given) => {
        expect(listed(foldPairs(given, 0, ROWS))).toEqual(folded(given));
      }),
    );
  });

  test("does not depend on the order of parts, nor on how a rule's pairs are cut", () => {
    fc.assert(
      fc.property(
        parts.chain((given) =>
          fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length }), fc.nat(12)),
        ),
        ([given, shuffled, cut]) => {
          const pieces = shuffled.flatMap(({ rule, pairs }) => [
            { rule, pairs: pairs.slice(cut * 2) },
            { rule, pairs: pairs.slice(0, cut * 2) },
          ]);
          expect(foldPairs(pieces, 0, ROWS)).toEqual(foldPairs(given, 0, ROWS));
        },
      ),
    );
  });

  test("keeps rule 31 as an unsigned bit", () => {
    const given = [
      { rule: 31, pairs: Uint32Array.of(0, 0) },
      { rule: 0, pairs: Uint32Array.of(0, 0) },
    ];
    expect(listed(foldPairs(given, 0, 1))).toEqual([{ rowA: 0, rowB: 0, pattern: 0x8000_0001 }]);
  });

  test("gives nothing for no parts and for parts without pairs", () => {
    expect(listed(foldPairs([], 0, 3))).toEqual([]);
    expect(listed(foldPairs([{ rule: 2, pairs: new Uint32Array() }], 0, 0))).toEqual([]);
  });
});

describe("countBridgingRows", () => {
  const count = (...pairs: [number, number][]): number =>
    countBridgingRows(foldPairs([{ rule: 0, pairs: Uint32Array.from(pairs.flat()) }], 0, ROWS), ROWS, ROWS);

  test("counts no row when every row touches one row at most", () => {
    expect(count([0, 1], [1, 0], [5, 5])).toBe(0);
    expect(count()).toBe(0);
  });

  test("counts a row that touches a row which touches another row, on either side", () => {
    expect(count([0, 1], [0, 2])).toBe(2);
    expect(count([1, 0], [2, 0])).toBe(2);
    expect(count([0, 1], [0, 2], [0, 3])).toBe(3);
    expect(count([0, 0], [0, 1], [1, 0])).toBe(4);
    expect(count([0, 0], [0, 1], [5, 5])).toBe(2);
  });

  test("does not count two rules on one pair as two rows", () => {
    const twice = [0, 1].map((rule) => ({ rule, pairs: Uint32Array.of(3, 4) }));
    expect(countBridgingRows(foldPairs(twice, 0, ROWS), ROWS, ROWS)).toBe(0);
  });
});
