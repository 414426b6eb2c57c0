/**
 * Order of 64-bit keys.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { sortedKeys } from "#engine/encode/sort.ts";

const word = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 1, 0xffff, 0x1_0000, 0x8000_0000, 0xffff_ffff),
);
const few = fc.constantFrom(0, 1, 0x1_0000, 0xffff_ffff);

test("keys come in the order of a sort of whole numbers, equal ones in order of position", () => {
  const keys = fc.array(fc.oneof(fc.tuple(word, word), fc.tuple(few, word), fc.tuple(few, few)), { maxLength: 300 });
  fc.assert(
    fc.property(keys, (halves) => {
      const key = (at: number): bigint => {
        const [upper = 0, lower = 0] = halves[at] ?? [];
        return (BigInt(upper) << 32n) | BigInt(lower);
      };
      const wanted = halves
        .map((_, at) => at)
        .sort((one, other) => (key(one) < key(other) ? -1 : Number(key(one) > key(other))));
      const upper = Uint32Array.from(halves, ([high]) => high);
      const lower = Uint32Array.from(halves, ([, low]) => low);
      const given = { upper, lower, payload: Uint32Array.from(halves.keys()) };
      const sorted = sortedKeys(given);
      expect([...sorted.payload]).toEqual(wanted);
      expect([...sorted.upper]).toEqual(wanted.map((at) => upper[at]));
      expect([...sorted.lower]).toEqual(wanted.map((at) => lower[at]));
      expect([...given.payload.keys()]).toEqual([...given.payload]);
    }),
    { numRuns: 400 },
  );
});

test("a hundred thousand equal keys take no quadratic time", () => {
  const equal = new Uint32Array(100_000).fill(7);
  const payload = Uint32Array.from(equal.keys());
  expect(sortedKeys({ upper: equal, lower: equal, payload }).payload).toEqual(payload);
});
