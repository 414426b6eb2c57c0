/**
 * Which linkage keys agreed in pairs that are released, so that an owner knows which of a row's cells did.
 * Agreement patterns do not say it; it is looked up in the evidence, since few candidate pairs are released.
 */
import type { RuleEvidence } from "./evidence.ts";

/** A pair and its agreement pattern. */
type AgreedPair = { readonly rowA: number; readonly rowB: number; readonly pattern: number };

/** No row of a block: ends the table of pairs. */
const NO_ROW = 0xffff_ffff;

/**
 * The result does not depend on the order of `parts`.
 *
 * @param parts - All evidence that the patterns came from.
 * @param pairs - In order of row a.
 * @param firstRowA - Every row a is this one or one of the `rowCountA` − 1 behind it.
 * @returns For each pair the upper halves of the keys that agreed, one for each set bit of its pattern in profile order; where
 *   several cells of one rule agreed, the smallest. All are views on one array.
 */
export function agreedCells(
  parts: readonly RuleEvidence[],
  pairs: readonly AgreedPair[],
  firstRowA: number,
  rowCountA: number,
): Uint32Array[] {
  const table = new Uint32Array(2 * pairs.length + 1).fill(NO_ROW);
  const places = new Uint32Array(rowCountA);
  const ends = new Uint32Array(pairs.length + 1);
  pairs.forEach(({ rowA, rowB, pattern }, place) => {
    const row = rowA - firstRowA;
    table.set([row, rowB], 2 * place);
    if (places[row] === 0) places[row] = place + 1;
    ends[place + 1] = (ends[place] as number) + setBits(pattern);
  });
  const cells = new Uint32Array(ends[pairs.length] as number);
  // Where each pair's next cell goes.
  const next = ends.slice(0, pairs.length);
  const smallest = new Uint32Array(pairs.length);
  const byRule = Map.groupBy(parts, ({ rule }) => rule);
  for (const [rule, own] of [...byRule].sort(([one], [other]) => one - other)) {
    smallest.fill(0xffff_ffff);
    for (const part of own) takeSmallest(smallest, part, firstRowA, places, table);
    pairs.forEach(({ pattern }, place) => {
      if (((pattern >>> rule) & 1) === 0) return;
      const cell = next[place] as number;
      cells[cell] = smallest[place] as number;
      next[place] = cell + 1;
    });
  }
  return pairs.map((_, place) => cells.subarray(ends[place], ends[place + 1]));
}

/**
 * @param smallest - By place of a pair; lowered to the smallest upper half of its evidence.
 * @param places - By row a of the block: 1 more than the place of its first pair, or 0.
 * @param table - Row a of the block, row b of each pair, side by side, since evidence comes in no order of rows.
 */
function takeSmallest(
  smallest: Uint32Array,
  { pairs, uppers }: RuleEvidence,
  firstRowA: number,
  places: Uint32Array,
  table: Uint32Array,
): void {
  for (let at = 0; at < uppers.length; at++) {
    const row = (pairs[2 * at] as number) - firstRowA;
    let place = (places[row] as number) - 1;
    if (place < 0) continue;
    for (; table[2 * place] === row; place++)
      if (table[2 * place + 1] === pairs[2 * at + 1])
        smallest[place] = Math.min(smallest[place] as number, uppers[at] as number);
  }
}

/** Warren (2012), Hacker's Delight, §5-1. */
function setBits(word: number): number {
  const twos = word - ((word >>> 1) & 0x5555_5555);
  const fours = (twos & 0x3333_3333) + ((twos >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
