/**
 * Keys of guesses looked up in a column.
 */
import { expect, test } from "vitest";
import { bestRow, guessedKeys, keyedWith, touch, unkeyed, type Touches } from "#bench/attack/guess-keys.ts";

const column = {
  upper: Uint32Array.from([1, 5, 5, 9]),
  lower: Uint32Array.from([4, 6, 7, 1]),
  row: Uint32Array.from([30, 31, 32, 33]),
};

test("a guess touches the rows whose whole key is its own", () => {
  const touches: Touches = new Map();
  const keys = { upper: Uint32Array.from([5, 5, 9, 0, 10]), lower: Uint32Array.from([7, 8, 1, 4, 1]) };
  touch(column, { ...keys, owner: Uint32Array.from([0, 0, 0, 1, 2]) }, touches);
  expect([...touches].map(([guess, rows]) => [guess, [...rows]])).toEqual([
    [
      0,
      [
        [32, 1],
        [33, 1],
      ],
    ],
  ]);
  touch(column, { upper: Uint32Array.of(9), lower: Uint32Array.of(1), owner: Uint32Array.of(0) }, touches);
  expect(bestRow(touches.get(0) ?? new Map())).toBe(33);
});

test("a guess's key is the first 8 bytes of AES-256 applied to d, or of d itself", () => {
  // FIPS 197, appendix C.3.
  const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => at);
  const digests = Uint8Array.from({ length: 16 }, (_, at) => 0x11 * at);
  const cells = { digests, owner: Uint32Array.of(3), bits: Float32Array.of(1) };
  const { upper, lower, owner } = guessedKeys(cells, keyedWith(bytes(32)));
  expect([upper[0], lower[0], owner[0]]).toEqual([0x8ea2b7ca, 0x516745bf, 3]);
  expect(guessedKeys(cells, unkeyed).upper[0]).toBe(0x00112233);
});
