/**
 * References seen so far.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SeenReferences } from "#client/seen-references.ts";

test("a reference is new exactly once, as in a set", () => {
  const reference = fc.oneof(fc.string({ maxLength: 3 }), fc.string({ unit: "binary", maxLength: 12 }));
  fc.assert(
    fc.property(fc.array(reference, { maxLength: 200 }), (drawn) => {
      const seen = new SeenReferences();
      const set = new Set<string>();
      for (const text of [...drawn, ...drawn]) {
        expect(seen.add(text)).toBe(!set.has(text));
        set.add(text);
      }
    }),
  );
});

test("a hundred thousand of them are told apart", () => {
  const seen = new SeenReferences();
  let added = 0;
  for (let at = 0; at < 200_000; at++) added += Number(seen.add(`HR-${at % 100_000}`));
  expect(added).toBe(100_000);
});
