/**
 * Candidate pairs: the joins of all rules folded by pair into agreement patterns.
 */

/** Pairs in increasing order of row a, then row b. Bit r of a pattern is set when rule r of the profile agrees. */
export type CandidatePairs = {
  readonly rowA: Uint32Array;
  readonly rowB: Uint32Array;
  readonly pattern: Uint32Array;
};

/** Row pairs found by one rule; interleaved a, b, a, b, … in any order. */
export type RulePairs = { readonly rule: number; readonly pairs: Uint32Array };

/**
 * Folds the pairs of all rules. The result does not depend on the order of `parts`.
 *
 * @param firstRowA - Every row a is this one or one of the `rowCountA` − 1 behind it.
 */
export function foldPairs(parts: readonly RulePairs[], firstRowA: number, rowCountA: number): CandidatePairs {
  const starts = new Uint32Array(rowCountA + 1);
  let total = 0;
  for (const { pairs } of parts) {
    for (let at = 0; at < pairs.length; at += 2) {
      const slot = (pairs[at] as number) - firstRowA + 1;
      starts[slot] = (starts[slot] as number) + 1;
    }
    total += pairs.length >>> 1;
  }
  for (let row = 0; row < rowCountA; row++) starts[row + 1] = (starts[row + 1] as number) + (starts[row] as number);

  const partner = new Uint32Array(total);
  const bits = new Uint32Array(total);
  const next = starts.slice(0, rowCountA);
  for (const { rule, pairs } of parts) {
    const bit = (1 << rule) >>> 0;
    for (let at = 0; at < pairs.length; at += 2) {
      const row = (pairs[at] as number) - firstRowA;
      const slot = next[row] as number;
      next[row] = slot + 1;
      partner[slot] = pairs[at + 1] as number;
      bits[slot] = bit;
    }
  }
  return mergeRows(starts, partner, bits, firstRowA);
}

/** Sorts and merges each row's short run of partners in place; a row has at most K of them. */
function mergeRows(starts: Uint32Array, partner: Uint32Array, bits: Uint32Array, firstRowA: number): CandidatePairs {
  const rowOfPair = new Uint32Array(partner.length);
  let used = 0;
  for (let row = 0; row < starts.length - 1; row++) {
    const first = used;
    const end = starts[row + 1] as number;
    for (let at = starts[row] as number; at < end; at++) {
      const wanted = partner[at] as number;
      const pattern = bits[at] as number;
      let place = used;
      while (place > first && (partner[place - 1] as number) > wanted) place--;
      if (place > first && partner[place - 1] === wanted) {
        bits[place - 1] = ((bits[place - 1] as number) | pattern) >>> 0;
        continue;
      }
      partner.copyWithin(place + 1, place, used);
      bits.copyWithin(place + 1, place, used);
      partner[place] = wanted;
      bits[place] = pattern;
      rowOfPair[used++] = firstRowA + row;
    }
  }
  return { rowA: rowOfPair.slice(0, used), rowB: partner.slice(0, used), pattern: bits.slice(0, used) };
}

/**
 * Rows that bridge, counted on both sides: a row that touches a row which touches another row is linked to that one.
 * This is what would give structure back to the engine (design §2, rule 3).
 */
export function countBridgingRows(pairs: CandidatePairs, rowCountA: number, rowCountB: number): number {
  return bridgingRows(pairs.rowA, pairs.rowB, rowCountB).size + bridgingRows(pairs.rowB, pairs.rowA, rowCountA).size;
}

/** @returns Those of `rows` whose partner has more than one. */
function bridgingRows(rows: Uint32Array, partners: Uint32Array, partnerCount: number): Set<number> {
  const degree = new Uint32Array(partnerCount);
  for (const partner of partners) degree[partner] = (degree[partner] as number) + 1;
  return new Set(rows.filter((_, at) => (degree[partners[at] as number] as number) > 1));
}
