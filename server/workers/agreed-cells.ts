/**
 * Which linkage keys agreed in pairs that are released, so that an owner knows which of a row's cells did.
 * Agreement patterns do not say it; it is looked up in the evidence, since few candidate pairs are released.
 */
import type { RuleEvidence } from "./evidence.ts";

/** A pair and its agreement pattern. */
type AgreedPair = { readonly rowA: number; readonly rowB: number; readonly pattern: number };

/**
 * The result does not depend on the order of `parts`.
 *
 * @param parts - All evidence that the patterns came from.
 * @param pairs - In order of row a.
 * @param firstRowA - Every row a is this one or one of the `rowCountA` − 1 behind it.
 * @returns For each pair the upper halves of the keys that agreed, one for each set bit of its pattern in profile order; where several cells of one rule agreed, the smallest. All are views on one array.
 */
export function agreedCells(
  parts: readonly RuleEvidence[],
  pairs: readonly AgreedPair[],
  firstRowA: number,
  rowCountA: number,
): Uint32Array[] {
  const pairsAt = new Uint32Array(rowCountA + 1);
  const cellsAt = new Uint32Array(pairs.length + 1);
  for (const [at, { rowA, pattern }] of pairs.entries()) {
    pairsAt[rowA - firstRowA + 1] = at + 1;
    cellsAt[at + 1] = (cellsAt[at] as number) + setBits(pattern);
  }
  for (let row = 0; row < rowCountA; row++)
    pairsAt[row + 1] = Math.max(pairsAt[row] as number, pairsAt[row + 1] as number);

  const rowB = Uint32Array.from(pairs, (pair) => pair.rowB);
  const pattern = Uint32Array.from(pairs, (pair) => pair.pattern);
  const cells = new Uint32Array(cellsAt[pairs.length] as number).fill(0xffff_ffff);
  for (const { rule, pairs: rows, uppers } of parts) {
    const earlierRules = (1 << rule) - 1;
    for (let at = 0; at < uppers.length; at++) {
      const row = (rows[2 * at] as number) - firstRowA;
      const end = pairsAt[row + 1] as number;
      for (let place = pairsAt[row] as number; place < end; place++) {
        if (rowB[place] !== rows[2 * at + 1]) continue;
        const cell = (cellsAt[place] as number) + setBits((pattern[place] as number) & earlierRules);
        cells[cell] = Math.min(cells[cell] as number, uppers[at] as number);
      }
    }
  }
  return pairs.map((_, at) => cells.subarray(cellsAt[at], cellsAt[at + 1]));
}

/** Warren (2012), Hacker's Delight, §5-1. */
function setBits(word: number): number {
  const twos = word - ((word >>> 1) & 0x5555_5555);
  const fours = (twos & 0x3333_3333) + ((twos >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
