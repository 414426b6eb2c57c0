/**
 * Evidence as words, and parted into blocks, against evidence as a whole.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { foldPairs } from "#engine/match/candidates.ts";
import { blocksOf, EvidenceList, evidenceOf } from "#server/workers/evidence.ts";

const ROWS = 60;
const UPPER = { max: 0xffff_ffff };
type Triple = [rowA: number, rowB: number, upper: number];
const rule = fc.array(fc.tuple(fc.nat(ROWS - 1), fc.nat(ROWS - 1), fc.nat(UPPER)), { maxLength: 80 });
const wordsOf = (triples: readonly Triple[]): Uint32Array => {
  const list = new EvidenceList();
  for (const triple of triples) list.add(...triple);
  return list.words();
};
const triplesOf = (words: Uint32Array): Triple[] => {
  const { pairs, uppers } = evidenceOf(words);
  return Array.from(uppers, (upper, at) => [pairs[2 * at] ?? NaN, pairs[2 * at + 1] ?? NaN, upper]);
};

test("blocks folded one after the other give what the whole gives", () => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 70 }), (rules, blockRows) => {
      const found = rules.map(wordsOf);
      const parts = (words: readonly Uint32Array[]) => words.map((one, index) => ({ rule: index, ...evidenceOf(one) }));
      const whole = foldPairs(parts(found), 0, ROWS);
      const folded = Array.from({ length: Math.ceil(ROWS / blockRows) }, (_, block) => {
        const own = found.map((words) => blocksOf(words, ROWS, blockRows).get(block) ?? new Uint32Array());
        return foldPairs(parts(own), block * blockRows, Math.min(blockRows, ROWS - block * blockRows));
      });
      for (const array of ["rowA", "rowB", "pattern"] as const)
        expect(folded.flatMap((pairs) => [...pairs[array]])).toEqual([...whole[array]]);
    }),
  );
});

test("a block holds its rows' pairs and upper halves, in their order", () => {
  fc.assert(
    fc.property(rule, fc.integer({ min: 1, max: 70 }), (triples, blockRows) => {
      const blocks = blocksOf(wordsOf(triples), ROWS, blockRows);
      const blockOf = ([rowA]: Triple): number => Math.floor(rowA / blockRows);
      expect([...blocks.keys()]).toEqual([...new Set(triples.map(blockOf))].sort((one, other) => one - other));
      for (const [block, words] of blocks)
        expect(triplesOf(words)).toEqual(triples.filter((triple) => blockOf(triple) === block));
    }),
  );
});

test("a list that grows keeps every pair with its upper half", () => {
  const triples = Array.from({ length: 5_000 }, (_, at): Triple => [at, 2 * at, 0xffff_ffff - at]);
  expect(triplesOf(wordsOf(triples))).toEqual(triples);
});
