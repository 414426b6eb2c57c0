/**
 * Decoys in both batches of a pairing.
 */
import { describe, expect, test } from "vitest";
import { scorePairing, scoredPair } from "#engine/match/score.ts";
import { decoysOf } from "#engine/round/decoys.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { decoyRows, joinedBatches, KEY_PROOF, type Join } from "../encode/joined-batches.ts";
import { encoded, generatedRecords, person } from "../encode/lists.ts";

const PATTERNS = SHIPPED_PROFILE.decoyPatterns ?? [];

/** Places without dates or documents: only class 1. */
const PLACES = encoded(
  Array.from({ length: 40 }, (_, at) =>
    person({ family_name: `Marko${"abcdefgh".charAt(at % 8)}vić`, given_name: "Luka", birth_place: `Selo ${at}` }),
  ),
);

describe.each([
  ["two lists", encoded(generatedRecords(110)), encoded(generatedRecords(110, "AT"))],
  ["a list and an empty one", encoded(generatedRecords(110)), encoded([])],
  ["lists without the decoys' classes", PLACES, encoded(generatedRecords(5, "AT"))],
])("decoys of %s", (_name, listA, listB) => {
  const { a, b, joins } = joinedBatches(listA, listB);
  const decoys = decoysOf(SHIPPED_PROFILE, KEY_PROOF, [125, 125]);
  const [rowsA, rowsB] = [decoyRows(a), decoyRows(b)];

  test("agree pairwise, in exactly the cells of their patterns, and with no other row", () => {
    expect(decoys.length).toBe(2);
    decoys.forEach(({ cells }, decoy) => {
      const touching = joins.filter(({ rowA, rowB }) => rowA === rowsA[decoy] || rowB === rowsB[decoy]);
      expect(touching.map(({ rowA, rowB, rule }) => ({ rowA, rowB, rule }))).toEqual(
        cells.map(({ rule }) => ({ rowA: rowsA[decoy], rowB: rowsB[decoy], rule })),
      );
    });
  });

  test("are hits in band high", () => {
    const parts = SHIPPED_PROFILE.rules.map((_rule, rule) => ({ rule, pairs: pairsOf(joins, rule) }));
    const scored = scorePairing(SHIPPED_PROFILE, parts, a.batch, b.batch);
    const bands = Array.from(scored.weightBits, (_bits, at) => scoredPair(SHIPPED_PROFILE, scored, at))
      .filter(({ rowA }) => rowsA.includes(rowA))
      .map(({ band }) => band);
    expect(bands).toEqual(["high", "high"]);
  });

  test("are of a class that real rows have", () => {
    for (const [rows, { batch, encoded: result }] of [[rowsA, a] as const, [rowsB, b] as const]) {
      const real = new Set(Array.from(result.place, (row) => batch.classes[row]));
      if (real.size === 0) real.add(0);
      for (const row of rows) expect(real).toContain(batch.classes[row]);
    }
  });

  test("are no rows of the list and have no own cells", () => {
    expect(rowsA.filter((row) => a.encoded.place.includes(row))).toEqual([]);
    const kept = new Uint32Array(a.ownCells.buffer, a.ownCells.byteOffset, a.ownCells.byteLength / 4);
    expect(kept.filter((row, at) => at % 7 === 0 && rowsA.includes(row))).toHaveLength(0);
  });
});

function pairsOf(joins: readonly Join[], rule: number): Uint32Array {
  return Uint32Array.from(joins.filter((join) => join.rule === rule).flatMap(({ rowA, rowB }) => [rowA, rowB]));
}

test("a decoy has the classes of its pattern when both lists have them", () => {
  const list = encoded(generatedRecords(110));
  const { a } = joinedBatches(list, list);
  const common = new Set(list.classes);
  decoysOf(SHIPPED_PROFILE, KEY_PROOF, [125, 125]).forEach(({ classes: [lower] }, decoy) => {
    if (common.has(lower)) expect(a.batch.classes[decoyRows(a)[decoy] ?? NaN]).toBe(lower);
  });
});

test("another K_proof gives other decoys, and each side's are the same", () => {
  const of = (fill: number, sizes: [number, number]): unknown =>
    decoysOf(SHIPPED_PROFILE, Buffer.alloc(32, fill), sizes);
  expect(of(1, [125, 4000])).toEqual(of(1, [4000, 125]));
  expect(of(1, [125, 125])).not.toEqual(of(2, [125, 125]));
});

test("batches whose K_proof differs share no decoy", () => {
  const rows = [encoded([]), encoded([])] as const;
  expect(joinedBatches(...rows).joins.length).toBeGreaterThan(0);
  expect(joinedBatches(...rows, Buffer.alloc(32, 1)).joins).toEqual([]);
});

test("a profile without patterns serves no round", () => {
  expect(() => decoysOf({ ...SHIPPED_PROFILE, decoyPatterns: undefined }, KEY_PROOF, [125, 125])).toThrow(
    /^profile-invalid: /,
  );
});

test("the shipped patterns are as many as a profile takes, or all that are always in band high, and of its one class", () => {
  for (const patterns of PATTERNS) {
    expect(patterns.length).toBeGreaterThanOrEqual(8);
    expect(patterns.length).toBeLessThanOrEqual(64);
    for (const { classes } of patterns) expect(classes).toEqual([0, 0]);
  }
});
