/**
 * A record's canonical values as bytes.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { CanonicalValues, messageOf } from "#engine/encode/canonical-values.ts";

test("each value stands once, at its first place, as UTF-8 behind its length", () => {
  const values = new CanonicalValues();
  const alternatives = fc.array(
    fc.record({
      value: fc.oneof(fc.constantFrom("a", "b", "ž"), fc.string({ unit: "grapheme", maxLength: 60 })),
      bits: fc.nat(30),
    }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(fc.array(alternatives, { maxLength: 5 }), fc.integer({ min: 1, max: 8 }), (facts, wanted) => {
      values.clear();
      const stored = facts.map((fact) => values.store(fact, wanted));
      facts.forEach((fact, at) => {
        const distinct = fact
          .map(({ value, bits }, rank) => ({ value, bits, rank }))
          .filter(({ value }, place) => fact.findIndex((other) => other.value === value) === place);
        expect(stored[at]?.count).toBe(distinct.length);
        const found = stored[at]?.first.map(({ bits, rank, from, to }) => ({
          bytes: values.bytes.toString("hex", from, to),
          bits,
          rank,
        }));
        expect(found).toEqual(
          distinct.slice(0, wanted).map(({ value, bits, rank }) => ({
            bytes: Buffer.from(messageOf([value])).toString("hex"),
            bits,
            rank,
          })),
        );
      });
    }),
  );
});

test("no value is left after clearing, however many there were", () => {
  const values = new CanonicalValues();
  const before = values.bytes;
  values.store(
    Array.from({ length: 100 }, (_, at) => ({ value: `${at}`.repeat(100), bits: 1 })),
    100,
  );
  values.clear();
  expect(values.bytes.length).toBeGreaterThan(before.length);
  expect([...before, ...values.bytes].every((byte) => byte === 0)).toBe(true);
});
