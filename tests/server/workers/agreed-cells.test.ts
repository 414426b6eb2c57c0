/**
 * Agreed cells from evidence, whatever the blocks and the order of parts, against a comparison of every key with every other.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { KeyColumn } from "#engine/batch/column.ts";
import { foldPairs } from "#engine/match/candidates.ts";
import { agreedCells } from "#server/workers/agreed-cells.ts";
import { blocksOf, evidenceOf, type RuleEvidence } from "#server/workers/evidence.ts";
import { joinStored, type StoredColumn } from "#server/workers/stored-join.ts";
import { columnOf } from "../../engine/match/arbitraries.ts";
import { agreedKeys, smallestUpper, storedColumn, type Columns } from "./columns.ts";

/** Few keys, so that rows often hold several of the same. */
const KEYS = [0x7fff_ffff, 0x8000_0000, 0xffff_ffff].flatMap((upper) =>
  [0, 1, 0xffff_ffff].map((lower) => (BigInt(upper) << 32n) | BigInt(lower)),
);
const size = (length: number) => ({ minLength: length, maxLength: length });

/** A batch in which every column of a rule with s slots holds each row exactly s times. */
const batch = (slots: readonly number[]) =>
  fc.integer({ min: 1, max: 3 }).chain((rowCount) =>
    fc.record({
      rowCount: fc.constant(rowCount),
      columns: fc.tuple(
        ...slots.map((each) => {
          const rows = Array.from({ length: rowCount * each }, (_, cell) => cell % rowCount);
          return fc
            .tuple(fc.shuffledSubarray(KEYS, size(rows.length)), fc.shuffledSubarray(rows, size(rows.length)))
            .map(([keys, shuffled]) => columnOf(keys, shuffled));
        }),
      ),
    }),
  );

const drawn = fc.array(fc.constantFrom(1, 3, 3), { minLength: 1, maxLength: 4 }).chain((slots) =>
  fc.record({
    a: batch(slots),
    b: batch(slots),
    cut: fc.constantFrom(1, 0x7fff_ffff, 0x8000_0000),
    blockRows: fc.integer({ min: 1, max: 4 }),
    isReversed: fc.boolean(),
    isReleased: fc.func<[number], boolean>(fc.boolean()),
  }),
);

/** Words of each rule, in two parts, cut by key. */
async function evidenceOfRules({ a, b, cut }: { a: Columns; b: Columns; cut: number }) {
  const found: { rule: number; words: Uint32Array }[] = [];
  for (const [rule, columnA] of a.columns.entries()) {
    const sides = [columnA, b.columns[rule] as KeyColumn].map((column) => storedColumn(column, 0, 64));
    const [storedA, storedB] = sides as [StoredColumn, StoredColumn];
    for (const [fromUpper, toUpper] of [
      [0, cut],
      [cut, 2 ** 32],
    ] as const)
      found.push({ rule, words: (await joinStored(storedA, storedB, { fromUpper, toUpper })).evidence });
  }
  return found;
}

test("of each released pair and rule that agrees, the smallest upper half of the keys that both rows hold", async () => {
  let several = 0;
  await fc.assert(
    fc.asyncProperty(drawn, async ({ a, b, cut, blockRows, isReversed, isReleased }) => {
      const keysOfPair = agreedKeys(a, b);
      const found = await evidenceOfRules({ a, b, cut });
      if (isReversed) found.reverse();
      for (let first = 0; first < a.rowCount; first += blockRows) {
        const rowCount = Math.min(blockRows, a.rowCount - first);
        const parts = found.map(({ rule, words }) => {
          const block = blocksOf(words, a.rowCount, blockRows).get(first / blockRows);
          return { rule, ...evidenceOf(block ?? new Uint32Array()) };
        });
        const { rowA, rowB, pattern } = foldPairs(parts, first, rowCount);
        const pairs = Array.from(rowA, (row, at) => ({
          rowA: row,
          rowB: rowB[at] as number,
          pattern: pattern[at] as number,
        })).filter((_, at) => isReleased(at));
        const wanted = pairs.map((pair) => keysOfPair(pair.rowA, pair.rowB));
        several += wanted.flat().filter(({ length }) => length > 1).length;
        expect(agreedCells(parts, pairs, first, rowCount).map((cells) => [...cells])).toEqual(
          wanted.map((rules) => rules.map(smallestUpper)),
        );
      }
    }),
    { numRuns: 400 },
  );
  expect(several).toBeGreaterThan(10);
});

test("rule 31 comes last, and an upper half of all ones is one", () => {
  const part = (rule: number, upper: number): RuleEvidence => ({
    rule,
    pairs: Uint32Array.of(5, 9),
    uppers: Uint32Array.of(upper),
  });
  const parts = [part(31, 0xffff_ffff), part(30, 0), part(0, 0x8000_0000), part(0, 0x7fff_ffff)];
  const { pattern } = foldPairs(parts, 5, 1);
  expect(agreedCells(parts, [{ rowA: 5, rowB: 9, pattern: pattern[0] as number }], 5, 1)).toEqual([
    Uint32Array.of(0x7fff_ffff, 0, 0xffff_ffff),
  ]);
});
