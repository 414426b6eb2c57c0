/**
 * Merge join of two key columns sorted at their sources.
 * In: two columns of one rule whose 64-bit keys strictly increase. Out: row numbers of equal keys.
 */

import type { KeyColumn } from "../batch/column.ts";

/**
 * Joins two columns on equality of their keys.
 *
 * @returns Interleaved row numbers a, b, a, b, … in order of key.
 */
export function joinColumns(a: KeyColumn, b: KeyColumn): Uint32Array {
  const { upper: upperA, lower: lowerA, row: rowA } = a;
  const { upper: upperB, lower: lowerB, row: rowB } = b;
  const [endA, endB] = [upperA.length, upperB.length];
  let pairs = new Uint32Array(256);
  let used = 0;
  let i = 0;
  let j = 0;
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

function grown(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(values.length * 2);
  larger.set(values);
  return larger;
}
