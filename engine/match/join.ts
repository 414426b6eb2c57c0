/**
 * Merge join of two key columns sorted at their sources.
 * In: two columns of one rule whose 64-bit keys strictly increase. Out: row numbers of equal keys.
 */

import type { KeyColumn } from "../batch/column.ts";

/** Half-open ranges of positions in both columns. */
export type JoinRange = {
  readonly startA: number;
  readonly endA: number;
  readonly startB: number;
  readonly endB: number;
};

/**
 * Joins two columns on equality of their keys.
 *
 * @param range - Positions to join; whole columns when left out.
 * @returns Interleaved row numbers a, b, a, b, … in order of key.
 */
export function joinColumns(a: KeyColumn, b: KeyColumn, range: JoinRange = wholeRange(a, b)): Uint32Array {
  const { upper: upperA, lower: lowerA, row: rowA } = a;
  const { upper: upperB, lower: lowerB, row: rowB } = b;
  const { endA, endB } = range;
  let pairs = new Uint32Array(256);
  let used = 0;
  let i = range.startA;
  let j = range.startB;
  while (i < endA && j < endB) {
    const keyA = upperA[i] as number;
    const keyB = upperB[j] as number;
    if (keyA === keyB) {
      const restA = lowerA[i] as number;
      const restB = lowerB[j] as number;
      if (restA === restB) {
        if (used === pairs.length) pairs = grown(pairs);
        pairs[used++] = rowA[i] as number;
        pairs[used++] = rowB[j] as number;
      }
      i += Number(restA <= restB);
      j += Number(restB <= restA);
      continue;
    }
    // Without a branch: which column advances is a coin toss that no predictor learns.
    i += Number(keyA < keyB);
    j += Number(keyB < keyA);
  }
  return pairs.slice(0, used);
}

/**
 * Cuts the key space into ranges of nearly equal work. A key lies in one range, or in none if the other column has no
 * key in that part of the space; runs of equal upper halves stay whole.
 *
 * @param count - How many ranges are wanted; fewer come back when the columns are short.
 */
export function cutRanges(a: KeyColumn, b: KeyColumn, count: number): JoinRange[] {
  const ranges: JoinRange[] = [];
  let startA = 0;
  let startB = 0;
  for (let cut = 1; cut <= count; cut++) {
    const last = cut === count;
    const bound = Math.floor((cut * 2 ** 32) / count);
    const endA = last ? a.upper.length : lowerBound(a.upper, bound);
    const endB = last ? b.upper.length : lowerBound(b.upper, bound);
    if (endA > startA && endB > startB) ranges.push({ startA, endA, startB, endB });
    startA = endA;
    startB = endB;
  }
  return ranges;
}

function wholeRange(a: KeyColumn, b: KeyColumn): JoinRange {
  return { startA: 0, endA: a.upper.length, startB: 0, endB: b.upper.length };
}

/** @returns First position whose value is at least `bound`. */
function lowerBound(values: Uint32Array, bound: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

function grown(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(values.length * 2);
  larger.set(values);
  return larger;
}
