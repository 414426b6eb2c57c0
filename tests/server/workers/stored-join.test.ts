/**
 * The join of stored columns against the join of columns in memory, whatever the chunks and key ranges.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { KeyColumn } from "#engine/batch/column.ts";
import { joinColumns } from "#engine/match/join.ts";
import { joinStored, type StoredColumn } from "#server/workers/stored-join.ts";
import { column, columnOf } from "../../engine/match/arbitraries.ts";

/** A column as a batch holds it, behind `before` words, in chunks of `chunkWords` words. */
function stored({ upper, lower, row }: KeyColumn, before: number, chunkWords: number): StoredColumn {
  const words = Uint32Array.from([...new Array<number>(before).fill(7), ...upper, ...lower, ...row]);
  const cells = upper.length;
  return {
    layout: {
      rule: 0,
      cells,
      upperAt: 4 * before,
      lowerAt: 4 * (before + cells),
      rowAt: 4 * (before + 2 * cells),
    },
    bytes: {
      wordsFrom: (byteAt) => {
        const at = byteAt / 4;
        return Promise.resolve(words.slice(at, (Math.floor(at / chunkWords) + 1) * chunkWords));
      },
      copy: () => Promise.reject(new Error("not wanted")),
    },
  };
}

const chunks = fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 12 }));
const bounds = fc
  .array(fc.nat(0xffff_ffff), { maxLength: 4 })
  .map((cuts) => [0, ...new Set(cuts), 2 ** 32].sort((a, b) => a - b));

/** Joins range by range. */
async function joinRanges(a: StoredColumn, b: StoredColumn, cuts: readonly number[]): Promise<number[]> {
  const pairs: number[] = [];
  for (let at = 1; at < cuts.length; at++) {
    const range = { fromUpper: cuts[at - 1] as number, toUpper: cuts[at] as number };
    pairs.push(...(await joinStored(a, b, range)).pairs);
  }
  return pairs;
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
        const wanted = [...joinColumns(a, b)];
        found += wanted.length;
        expect(await joinRanges(stored(a, beforeA, chunkA), stored(b, beforeB, chunkB), cuts)).toEqual(wanted);
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
    const pairs = await joinRanges(stored(a, 1, chunkWords), stored(b, 2, 5), [0, 2 ** 31, 2 ** 31 + 1, 2 ** 32]);
    expect(pairs).toEqual([2, 2, 3, 3, 8, 8, 21, 21]);
  }
});

test("keys of both columns are counted once over all ranges", async () => {
  const a = columnOf(
    Array.from({ length: 500 }, (_, at) => BigInt(at) << 55n),
    [...new Array(500).keys()],
  );
  const [one, other] = [stored(a, 0, 64), stored(a, 3, 100)];
  let keys = 0;
  for (let at = 0; at < 10; at++)
    keys += (await joinStored(one, other, { fromUpper: (at * 2 ** 32) / 10, toUpper: ((at + 1) * 2 ** 32) / 10 })).keys;
  expect(keys).toBe(1_000);
});
