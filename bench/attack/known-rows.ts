/**
 * Rows in the clear and rows of a joined pairing, by the same figures: what could agree, and what did.
 */
import { carriersOf } from "#engine/encode/between.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import type { CandidatePairs } from "#engine/match/candidates.ts";
import { informationThreshold } from "#engine/match/weight.ts";

/** @returns For each row of a list how many of its cells travel under each rule; whoever holds the list can tell. */
export function travellingCells(
  { profile, rows, coverage, cells }: EncodedList,
  largerRowCount: number,
): Float64Array[] {
  const threshold = informationThreshold(profile, largerRowCount);
  const counts = Array.from({ length: rows.length }, () => new Float64Array(profile.rules.length));
  profile.rules.forEach((rule, index) => {
    const { carries } = carriersOf(rule);
    const { owner, bits } = cells.read(index);
    owner.forEach((row, at) => {
      if ((bits[at] as number) < threshold || !carries(coverage[row] as number)) return;
      const own = counts[row] as Float64Array;
      own[index] = (own[index] as number) + 1;
    });
  });
  return counts;
}

/** @returns For each row of batch a that touches a row of b, with how many rows it agrees under each rule. */
export function agreedRules({ rowA, pattern }: CandidatePairs, ruleCount: number): Map<number, Float64Array> {
  const agreed = new Map<number, Float64Array>();
  rowA.forEach((row, at) => {
    const counts = agreed.get(row) ?? new Float64Array(ruleCount);
    for (let rule = 0; rule < ruleCount; rule++)
      counts[rule] = (counts[rule] as number) + (((pattern[at] as number) >>> rule) & 1);
    agreed.set(row, counts);
  });
  return agreed;
}
