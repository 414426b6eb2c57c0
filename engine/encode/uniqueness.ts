/**
 * The uniqueness rule (design §2, rule 1): a key that two rows of one list share under one rule is carried by neither.
 */
import { pickCells, type CellColumn } from "./cell-store.ts";
import { DIGEST_BYTES } from "./digests.ts";
import { keysRoom, sortedKeys, type Keys } from "./sort.ts";

/**
 * @param column - Cells of one rule, those of one record together and best first; owners are records.
 * @param rowOf - Record → row.
 * @param slots - Cells that a row may keep. Of merged rows the best of each record stay, equally good ones by d, so that
 *   the order of the records changes nothing.
 * @param statusOf - 0 or 1 for each row; rows of different status never meet in one batch under this rule.
 * @returns Cells held by one row of their status only; owners are rows.
 */
export function keepUnique(
  column: CellColumn,
  rowOf: Uint32Array,
  slots: number,
  statusOf: (row: number) => number = () => 0,
): CellColumn {
  const rowAt = (position: number): number => rowOf[column.owner[position] as number] as number;
  const rank = ranksWithinOwner(column.owner);
  const kept = new Uint32Array(column.owner.length);
  let keptCount = 0;
  forEqualCells(column, (order, start, end) => {
    if (end - start === 1) {
      kept[keptCount++] = order[start] as number;
      return;
    }
    for (const status of [0, 1]) {
      let best = -1;
      let shared = false;
      for (let at = start; at < end; at++) {
        const position = order[at] as number;
        if (statusOf(rowAt(position)) !== status) continue;
        shared ||= best >= 0 && rowAt(position) !== rowAt(best);
        if (best < 0 || isBetter(column, rank, position, best)) best = position;
      }
      if (best >= 0 && !shared) kept[keptCount++] = best;
    }
  });
  const used = new Uint8Array(rowOf.length);
  const within = byRank(kept.subarray(0, keptCount), rank).filter((position) => {
    const row = rowAt(position);
    const count = Math.min((used[row] as number) + 1, slots + 1);
    used[row] = count;
    return count <= slots;
  });
  return pickCells(column, within, rowAt);
}

/** Stable: cells of equal rank stay in order of d. */
function byRank(positions: Uint32Array, rank: Uint8Array): Uint32Array {
  const sorted = new Uint32Array(positions.length);
  const highest = positions.reduce((most, position) => Math.max(most, rank[position] as number), 0);
  let filled = 0;
  for (let wanted = 0; wanted <= highest; wanted++) {
    for (const position of positions) if (rank[position] === wanted) sorted[filled++] = position;
  }
  return sorted;
}

/** @returns For each cell how many cells of the same owner stand right before it. */
function ranksWithinOwner(owner: Uint32Array): Uint8Array {
  const ranks = new Uint8Array(owner.length);
  for (let at = 1; at < owner.length; at++) if (owner[at] === owner[at - 1]) ranks[at] = (ranks[at - 1] as number) + 1;
  return ranks;
}

/** Of equal cells of one row the one of lower rank stands for all, then the one with more bits. */
function isBetter({ bits }: CellColumn, rank: Uint8Array, one: number, other: number): boolean {
  if (rank[one] !== rank[other]) return (rank[one] as number) < (rank[other] as number);
  return (bits[one] as number) > (bits[other] as number);
}

/** Cells that are sorted at once, about: the sort takes as much room again as the digests of a large column. */
const SORTED_CELLS = 262_144;
const MAX_RANGE_BITS = 8;

/**
 * Visits the cells of one d after the other; equality is judged on 64 bits.
 *
 * @param visit - Gets positions in increasing order of d, of a range of d at a time, and the half-open range of those with equal
 *   d, in order of position.
 */
export function forEqualCells(
  column: CellColumn,
  visit: (order: Uint32Array, start: number, end: number) => void,
): void {
  const count = column.owner.length;
  const rangeBits = Math.min(MAX_RANGE_BITS, Math.max(0, Math.ceil(Math.log2(Math.max(1, count / SORTED_CELLS)))));
  for (let range = 0; range < 1 << rangeBits; range++) {
    const keys = keysInRange(column, range, rangeBits);
    const { upper, lower, payload: order } = sortedKeys(keys, keysRoom(keys.upper.length), keys);
    let start = 0;
    for (let at = 1; at <= order.length; at++) {
      if (at < order.length && upper[at] === upper[start] && lower[at] === lower[start]) continue;
      visit(order, start, at);
      start = at;
    }
  }
}

/** @returns The first 64 bits of every d that starts with these bits, big-endian halves, and the cells' positions. */
function keysInRange({ digests, owner }: CellColumn, range: number, rangeBits: number): Keys {
  const isInRange = (at: number): boolean => (digests[at * DIGEST_BYTES] as number) >>> (8 - rangeBits) === range;
  let count = 0;
  for (let at = 0; at < owner.length; at++) if (isInRange(at)) count++;
  const keys = keysRoom(count);
  const view = new DataView(digests.buffer, digests.byteOffset, digests.byteLength);
  let next = 0;
  for (let at = 0; at < owner.length; at++) {
    if (!isInRange(at)) continue;
    keys.upper[next] = view.getUint32(at * DIGEST_BYTES);
    keys.lower[next] = view.getUint32(at * DIGEST_BYTES + 4);
    keys.payload[next++] = at;
  }
  return keys;
}
