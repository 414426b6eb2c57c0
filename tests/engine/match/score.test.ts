/**
 * A pairing from columns to bands: equal to the reference, and to itself under every order of parties, rows and parts.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinColumns } from "#engine/match/join.ts";
import { referenceMatch, type ReferenceBatch } from "#engine/match/reference.ts";
import { scoredPair, scorePairing, type ScoredPair } from "#engine/match/score.ts";
import { weightTerms } from "#engine/match/weight.ts";
import type { Profile } from "#engine/profile.ts";
import { columnOf, joinAll, pairing } from "./arbitraries.ts";
import { DOCUMENT, EXAMPLE, NAME_BIRTH, NAME_YEAR, SPEC_TEXT } from "./example.ts";

function match(profile: Profile, a: ReferenceBatch, b: ReferenceBatch): { matchesPerRow: number; pairs: ScoredPair[] } {
  const scored = scorePairing(profile, joinAll(a, b), a, b);
  return {
    matchesPerRow: scored.prior.matchesPerRow,
    pairs: Array.from(scored.weightBits, (_, at) => scoredPair(profile, scored, at)),
  };
}

/** The batch with row r called `names[r]`. */
function renumbered(batch: ReferenceBatch, names: readonly number[]): ReferenceBatch {
  const classes = new Uint8Array(batch.rowCount);
  batch.classes.forEach((value, row) => (classes[names[row] ?? 0] = value));
  const columns = batch.columns.map((column) => ({ ...column, row: column.row.map((row) => names[row] ?? 0) }));
  return { rowCount: batch.rowCount, classes, columns };
}

const byRows = (one: ScoredPair, other: ScoredPair): number => one.rowA - other.rowA || one.rowB - other.rowB;
const shuffledRows = (rowCount: number): fc.Arbitrary<number[]> => {
  const rows = Array.from({ length: rowCount }, (_, row) => row);
  return fc.shuffledSubarray(rows, { minLength: rowCount, maxLength: rowCount });
};

describe("scorePairing", () => {
  test("equals the reference: same pairs, patterns, weights, prior, probabilities and bands", () => {
    let found = 0;
    const bands = new Set<string>();
    fc.assert(
      fc.property(pairing, ({ profile, a, b }) => {
        const fast = match(profile, a, b);
        const slow = referenceMatch(profile, a, b);
        expect(fast.matchesPerRow).toBeCloseTo(slow.matchesPerRow, 8);
        expect(fast.pairs).toHaveLength(slow.pairs.length);
        fast.pairs.forEach((pair, at) => {
          const wanted = slow.pairs[at];
          expect(pair).toMatchObject({ rowA: wanted?.rowA, rowB: wanted?.rowB, pattern: wanted?.pattern });
          expect(pair.weightBits).toBe(wanted?.weightBits);
          expect(pair.probability).toBeCloseTo(wanted?.probability ?? NaN, 7);
          expect(pair.band).toBe(wanted?.band);
          bands.add(pair.band);
        });
        found += fast.pairs.length;
      }),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(300);
    expect(bands).toEqual(new Set(["high", "medium", "low", "none"]));
  });

  test("gives the same scores with the parties the other way round", () => {
    fc.assert(
      fc.property(pairing, ({ profile, a, b }) => {
        const there = match(profile, a, b);
        const back = match(profile, b, a);
        const turned = back.pairs.map((pair) => ({ ...pair, rowA: pair.rowB, rowB: pair.rowA })).sort(byRows);
        expect(back.matchesPerRow).toBe(there.matchesPerRow);
        expect(turned).toEqual(there.pairs);
      }),
    );
  });

  test("gives the same scores under any numbering of rows", () => {
    const renamed = pairing.chain((drawn) =>
      fc.record({
        drawn: fc.constant(drawn),
        namesA: shuffledRows(drawn.a.rowCount),
        namesB: shuffledRows(drawn.b.rowCount),
      }),
    );
    fc.assert(
      fc.property(renamed, ({ drawn: { profile, a, b }, namesA, namesB }) => {
        const before = match(profile, a, b);
        const after = match(profile, renumbered(a, namesA), renumbered(b, namesB));
        const wanted = before.pairs
          .map((pair) => ({ ...pair, rowA: namesA[pair.rowA], rowB: namesB[pair.rowB] }) as ScoredPair)
          .sort(byRows);
        expect(after.pairs).toEqual(wanted);
        expect(after.matchesPerRow).toBe(before.matchesPerRow);
      }),
    );
  });

  test("gives the same scores in any order of parts", () => {
    fc.assert(
      fc.property(pairing, ({ profile, a, b }) => {
        const parts = joinAll(a, b);
        expect(scorePairing(profile, parts.toReversed(), a, b)).toEqual(scorePairing(profile, parts, a, b));
      }),
    );
  });

  test("gives no pairs and a prior at its floor when nothing agrees", () => {
    const rows = { rowCount: 100, classes: new Uint8Array(100) };
    const scored = scorePairing(EXAMPLE, [], rows, rows);
    expect(scored.weightBits).toHaveLength(0);
    expect(scored.prior.matchesPerRow).toBe(EXAMPLE.prior.min);
  });

  test("rounds weights to six decimals", () => {
    fc.assert(
      fc.property(pairing, ({ profile, a, b }) => {
        for (const { weightBits } of match(profile, a, b).pairs) expect(weightBits).toBe(Number(weightBits.toFixed(6)));
      }),
    );
  });

  test("refuses a batch without rows as a programmer's mistake", () => {
    const none = { rowCount: 0, classes: new Uint8Array() };
    expect(() => scorePairing(EXAMPLE, [], none, none)).toThrow(RangeError);
  });
});

describe("scoredPair", () => {
  test("refuses a position without a pair", () => {
    const rows = { rowCount: 1, classes: new Uint8Array(1) };
    expect(() => scoredPair(EXAMPLE, scorePairing(EXAMPLE, [], rows, rows), 0)).toThrow(RangeError);
  });
});

describe("the worked example of docs/spec/matching.md", () => {
  const key = (number: number): bigint => 0x8000_0000_0000_0000n + BigInt(number);
  const a = { rowCount: 1000, classes: Uint8Array.from({ length: 1000 }, (_, row) => Number(row < 500)) };
  const b = { rowCount: 800, classes: Uint8Array.from({ length: 800 }, (_, row) => Number(row < 500)) };
  const parts = [
    { rule: 0, pairs: joinColumns(columnOf([key(1), key(2)], [7, 12]), columnOf([key(1), key(9)], [3, 20])) },
    { rule: 1, pairs: joinColumns(columnOf([key(3), key(4)], [7, 600]), columnOf([key(3), key(4)], [3, 40])) },
    { rule: 2, pairs: joinColumns(columnOf([key(5)], [12]), columnOf([key(5)], [20])) },
  ];
  const scored = scorePairing(EXAMPLE, parts, a, b);

  test("has the three candidate pairs and patterns", () => {
    const pairs = [0, 1, 2].map((at) => scoredPair(EXAMPLE, scored, at));
    expect(pairs.map(({ rowA, rowB, pattern }) => [rowA, rowB, pattern])).toEqual([
      [7, 3, NAME_BIRTH | NAME_YEAR],
      [12, 20, DOCUMENT],
      [600, 40, NAME_YEAR],
    ]);
  });

  test("prints each pair's terms and weight as the page does", () => {
    const thresholdBits = Math.log2(1000) + 3.3;
    for (const at of [0, 1, 2]) {
      const { rowA, rowB, pattern, weightBits } = scoredPair(EXAMPLE, scored, at);
      const terms = weightTerms(
        { profile: EXAMPLE, thresholdBits },
        pattern,
        a.classes[rowA] ?? 9,
        b.classes[rowB] ?? 9,
      );
      const cells = terms.map(({ level, bits }) => `${level} ${Number(bits.toFixed(6))}`);
      const line = `| (${rowA}, ${rowB}) | ${pattern} | ${cells.join(" | ")} | ${weightBits.toFixed(6)} |`;
      expect(SPEC_TEXT).toContain(line.replaceAll("-", "−"));
    }
  });

  test("prints prior, probabilities and bands as the page does", () => {
    const { matchesPerRow, logOddsBits } = scored.prior;
    const prior = `π = ${matchesPerRow.toFixed(6)}, log2 odds = ${logOddsBits.toFixed(6)} bits`;
    expect(SPEC_TEXT).toContain(prior.replaceAll("-", "−"));
    for (const at of [0, 1, 2]) {
      const { rowA, rowB, weightBits, probability, band } = scoredPair(EXAMPLE, scored, at);
      const line = `| (${rowA}, ${rowB}) | ${weightBits.toFixed(6)} | ${probability.toFixed(6)} | ${band} |`;
      expect(SPEC_TEXT).toContain(line);
    }
  });
});
