/**
 * The merge join against maps of whole keys.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutRanges, joinColumns } from "#engine/match/join.ts";
import { referenceJoin } from "#engine/match/reference.ts";
import { column, columnOf, keysOf } from "./arbitraries.ts";

const cuts = fc.integer({ min: 1, max: 9 });
const KEYS_ACROSS_THE_SPACE = Array.from({ length: 64 }, (_, step) => BigInt(step) << 58n);

describe("joinColumns", () => {
  test("gives the rows of equal keys in order of key, as the reference does", () => {
    let found = 0;
    fc.assert(
      fc.property(column, column, (a, b) => {
        const pairs = referenceJoin(a, b);
        found += pairs.length;
        expect([...joinColumns(a, b)]).toEqual(pairs.flat());
      }),
      { numRuns: 500 },
    );
    expect(found).toBeGreaterThan(500);
  });

  test("does not take equal upper halves for equal keys", () => {
    const a = columnOf([(7n << 32n) | 1n, (7n << 32n) | 3n, (7n << 32n) | 5n], [1, 3, 5]);
    const b = columnOf([(7n << 32n) | 0n, (7n << 32n) | 3n, (7n << 32n) | 4n, (7n << 32n) | 6n], [10, 13, 14, 16]);
    expect([...joinColumns(a, b)]).toEqual([3, 13]);
  });

  test("orders keys from 2^31 and 2^63 on as unsigned", () => {
    const keys = [0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn, 0x8000_0000n, 0x7fff_ffffn];
    const whole = columnOf(keys, [0, 1, 2, 3, 4]);
    expect([...joinColumns(whole, whole)]).toEqual([4, 4, 3, 3, 0, 0, 1, 1, 2, 2]);
  });

  test("finds more pairs than its first buffer holds", () => {
    const keys = Array.from({ length: 5000 }, (_, at) => BigInt(at) << 33n);
    const rows = keys.map((_, at) => at);
    expect([...joinColumns(columnOf(keys, rows), columnOf(keys, rows))]).toEqual(rows.flatMap((row) => [row, row]));
  });

  test("gives nothing for an empty column", () => {
    const empty = columnOf([], []);
    const full = columnOf([1n], [0]);
    expect(joinColumns(empty, full)).toHaveLength(0);
    expect(joinColumns(full, empty)).toHaveLength(0);
    expect(joinColumns(empty, empty)).toHaveLength(0);
  });
});

describe("cutRanges", () => {
  test("puts each key in one range, or in none if no key of the other column lies near it", () => {
    fc.assert(
      fc.property(column, column, cuts, (a, b, count) => {
        const ranges = cutRanges(a, b, count);
        expect(ranges.length).toBeLessThanOrEqual(count);
        const [keysA, keysB] = [keysOf(a), keysOf(b)];
        const coveredA = ranges.flatMap((range) => keysA.slice(range.startA, range.endA));
        const coveredB = ranges.flatMap((range) => keysB.slice(range.startB, range.endB));
        expect(new Set(coveredA).size).toBe(coveredA.length);
        expect(new Set(coveredB).size).toBe(coveredB.length);
        for (const key of keysA.filter((key) => keysB.includes(key))) {
          const holders = ranges.filter(
            (range) =>
              keysA.slice(range.startA, range.endA).includes(key) &&
              keysB.slice(range.startB, range.endB).includes(key),
          );
          expect(holders).toHaveLength(1);
        }
      }),
    );
  });

  test("covers every key when each cut holds keys of both columns", () => {
    const whole = columnOf(KEYS_ACROSS_THE_SPACE, [...KEYS_ACROSS_THE_SPACE.keys()]);
    for (let count = 1; count <= 9; count++) {
      const ranges = cutRanges(whole, whole, count);
      expect(ranges).toHaveLength(count);
      expect(ranges[0]?.startA).toBe(0);
      expect(ranges.at(-1)?.endB).toBe(KEYS_ACROSS_THE_SPACE.length);
      for (let at = 1; at < ranges.length; at++) {
        expect(ranges[at]?.startA).toBe(ranges[at - 1]?.endA);
        expect(ranges[at]?.startB).toBe(ranges[at - 1]?.endB);
      }
    }
  });

  test("never parts a run of equal upper halves", () => {
    const keys = Array.from({ length: 20 }, (_, at) => (0x8000_0000n << 32n) | BigInt(at));
    const run = columnOf(keys, [...keys.keys()]);
    for (let count = 1; count <= 9; count++) expect(cutRanges(run, run, count)).toHaveLength(1);
  });

  test("gives pieces whose joins are the join of the whole, in order", () => {
    fc.assert(
      fc.property(column, column, cuts, (a, b, count) => {
        const pieces = cutRanges(a, b, count).flatMap((range) => [...joinColumns(a, b, range)]);
        expect(pieces).toEqual([...joinColumns(a, b)]);
      }),
    );
  });
});
