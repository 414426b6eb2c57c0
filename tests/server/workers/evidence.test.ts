/**
 * Evidence folded block by block against evidence folded whole.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { foldPairs } from "#engine/match/candidates.ts";
import { blocksOf } from "#server/workers/blocks.ts";

const ROWS = 60;
const rule = fc.array(fc.tuple(fc.nat(ROWS - 1), fc.nat(ROWS - 1)), { maxLength: 80 });

test("blocks folded one after the other give what the whole gives", () => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 70 }), (rules, blockRows) => {
      const parts = rules.map((pairs, index) => ({ rule: index, pairs: Uint32Array.from(pairs.flat()) }));
      const whole = foldPairs(parts, 0, ROWS);
      const folded = Array.from({ length: Math.ceil(ROWS / blockRows) }, (_, block) => {
        const own = parts.map(({ rule: index, pairs }) => ({
          rule: index,
          pairs: blocksOf(pairs, ROWS, blockRows).get(block) ?? new Uint32Array(),
        }));
        return foldPairs(own, block * blockRows, Math.min(blockRows, ROWS - block * blockRows));
      });
      for (const array of ["rowA", "rowB", "pattern"] as const)
        expect(folded.flatMap((pairs) => [...pairs[array]])).toEqual([...whole[array]]);
    }),
  );
});

test("a block without pairs is left out", () => {
  expect([...blocksOf(Uint32Array.of(0, 7, 25, 8), 30, 10).keys()]).toEqual([0, 2]);
  expect(blocksOf(new Uint32Array(), 30, 10).size).toBe(0);
});
