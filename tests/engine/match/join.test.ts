/**
 * The merge join against maps of whole keys.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinColumns } from "#engine/match/join.ts";
import { referenceJoin } from "#engine/match/reference.ts";
import { column, columnOf } from "./arbitraries.ts";

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
