/**
 * Combinations: the choice of the first ones without making all.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { CanonicalValues } from "#engine/encode/canonical-values.ts";
import { BestCombinations } from "#engine/encode/combinations.ts";

const MAX_SLOTS = 6;

test("the first combinations are those of a stable sort of all by rank", () => {
  const values = new CanonicalValues();
  const combinations = new BestCombinations(4, MAX_SLOTS);
  const fact = fc.array(
    fc.record({ value: fc.constantFrom("a", "b", "c", "d", "e", "f", "g"), bits: fc.nat(30) }),
    { maxLength: 9 }, // prettier-ignore
  );
  fc.assert(
    fc.property(
      fc.array(fact, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: MAX_SLOTS }),
      (drawn, slots) => {
        values.clear();
        const known = drawn.map((alternatives) => values.store(alternatives, MAX_SLOTS));
        const facts = drawn.map((_, at) => at);
        const found = combinations.find(known, facts, slots);

        let all: { values: string[]; rank: number }[] = [{ values: [], rank: 0 }];
        for (const alternatives of drawn) {
          const first = alternatives.map(({ value }, rank) => ({ value, rank }));
          const distinct = first.filter(({ value }, at) => first.findIndex((other) => other.value === value) === at);
          all = all.flatMap((before) =>
            distinct.map(({ value, rank }) => ({ values: [...before.values, value], rank: before.rank + rank })),
          );
        }
        expect(combinations.count).toBe(all.length);
        const wanted = all.toSorted((one, other) => one.rank - other.rank).slice(0, slots);
        const texts = Array.from({ length: found }, (_, at) =>
          facts.map((position) => {
            const { from, to } = combinations.taken(known, facts, at, position);
            return values.bytes.toString("utf8", from + 4, to);
          }),
        );
        expect(texts).toEqual(wanted.map((each) => each.values));
      },
    ),
  );
});
