/**
 * The uniqueness rule (design §2, rule 1): a key that two rows of one list share under one rule is carried by neither.
 */
import { digestHalves, pickCells, type CellColumn } from "./cell-store.ts";
import { sortedOrder } from "./sort.ts";

/**
 * @param column - Cells of one rule, those of one record together and best first; owners are records.
 * @param rowOf - Record → row.
 * @param slots - Cells that a row may keep. Of merged rows the best of each record stay, equally good ones by d, so that
 *   the order of the records changes nothing.
 * @returns Cells held by one row only; owners are rows.
 */
export function keepUnique(column: CellColumn, rowOf: Uint32Array, slots: number): CellColumn {
  const rowAt = (position: number): number => rowOf[column.owner[position] as number] as number;
  const rank = ranksWithinOwner(column.owner);
  const used = new Map<number, number>();
  const kept: number[] = [];
  for (const group of equalGroups(column)) {
    const [first] = group;
    if (first === undefined || group.some((position) => rowAt(position) !== rowAt(first))) continue;
    kept.push(group.reduce((best, position) => (isBetter(column, rank, position, best) ? position : best)));
  }
  // A stable sort: cells of equal rank stay in order of d.
  kept.sort((one, other) => (rank[one] as number) - (rank[other] as number));
  const within = kept.filter((position) => {
    const count = (used.get(rowAt(position)) ?? 0) + 1;
    used.set(rowAt(position), count);
    return count <= slots;
  });
  return pickCells(column, within, rowAt);
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

/** Positions of cells with equal d, group by group, each group in order of position. Equality is judged on 64 bits. */
export function* equalGroups(column: CellColumn): Generator<readonly number[]> {
  const { upper, lower } = digestHalves(column);
  let group: number[] = [];
  let last = -1;
  for (const position of sortedOrder(upper, lower)) {
    if (last >= 0 && (upper[position] !== upper[last] || lower[position] !== lower[last])) {
      yield group;
      group = [];
    }
    group.push(position);
    last = position;
  }
  if (group.length > 0) yield group;
}
