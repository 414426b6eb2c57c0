/**
 * The join of stored columns against the join of columns in memory, whatever the chunks and key ranges.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { KeyColumn } from "#engine/batch/column.ts";
import { joinColumns } from "#engine/match/join.ts";
import { joinStored, type StoredColumn } from "#server/workers/stored-join.ts";
import { evidenceOf } from "#server/workers/evidence.ts";
import { column, columnOf, keysOf } from "../../engine/match/arbitraries.ts";
import { storedColumn } from "./columns.ts";

const chunks = fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 12 }));
const bounds = fc
  .array(fc.nat(0xffff_ffff), { maxLength: 4 })
  .map((cuts) => [0, ...new Set(cuts), 2 ** 32].sort((a, b) => a - b));

/** Joins range by range. */
async function joinRanges(a: StoredColumn, b: StoredColumn, cuts: readonly number[]) {
  const found: { pairs: number[]; uppers: number[] } = { pairs: [], uppers: [] };
  for (let at = 1; at < cuts.length; at++) {
    const range = { fromUpper: cuts[at - 1] as number, toUpper: cuts[at] as number };
    const { pairs, uppers } = evidenceOf((await joinStored(a, b, range)).evidence);
    found.pairs.push(...pairs);
    found.uppers.push(...uppers);
  }
  return found;
}

test("pieces together are the join of the whole columns, in order", async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(
      column,
      column,
      chunks,
      chunks,
      bounds,
      async (a, b, [beforeA, chunkA], [beforeB, chunkB], cuts) => {
        const keys = new Set(keysOf(b));
        const pairs = [...joinColumns(a, b)];
        const uppers = keysOf(a).flatMap((key, at) => (keys.has(key) ? [a.upper[at]] : []));
        found += pairs.length;
        expect(await joinRanges(storedColumn(a, beforeA, chunkA), storedColumn(b, beforeB, chunkB), cuts)).toEqual({
          pairs,
          uppers,
        });
      },
    ),
    { numRuns: 500 },
  );
  expect(found).toBeGreaterThan(500);
});

test("runs of equal upper halves that cross chunks are joined by their lower halves", async () => {
  const run = (lowers: readonly number[]): KeyColumn =>
    columnOf(
      lowers.map((lower) => (0x8000_0000n << 32n) | BigInt(lower)),
      lowers,
    );
  const [a, b] = [run([1, 2, 3, 5, 8, 13, 21]), run([2, 3, 4, 8, 9, 21, 22])];
  for (let chunkWords = 1; chunkWords <= 8; chunkWords++) {
    const cuts = [0, 2 ** 31, 2 ** 31 + 1, 2 ** 32];
    const { pairs, uppers } = await joinRanges(storedColumn(a, 1, chunkWords), storedColumn(b, 2, 5), cuts);
    expect(pairs).toEqual([2, 2, 3, 3, 8, 8, 21, 21]);
    expect(uppers).toEqual([2 ** 31, 2 ** 31, 2 ** 31, 2 ** 31]);
  }
});

test("keys of both columns are counted once over all ranges", async () => {
  const a = columnOf(
    Array.from({ length: 500 }, (_, at) => BigInt(at) << 55n),
    [...new Array(500).keys()],
  );
  const [one, other] = [storedColumn(a, 0, 64), storedColumn(a, 3, 100)];
  let keys = 0;
  for (let at = 0; at < 10; at++)
    keys += (await joinStored(one, other, { fromUpper: (at * 2 ** 32) / 10, toUpper: ((at + 1) * 2 ** 32) / 10 })).keys;
  expect(keys).toBe(1_000);
});
