/**
 * The uniqueness rule (design §2, rule 1): a key that two rows of one list share under one rule is carried by neither.
 */
import { digestHalves, pickCells, type CellColumn } from "./cell-store.ts";
import { sortedOrder } from "./sort.ts";

/**
 * @param column - Cells of one rule; owners are records.
 * @param rowOf - Record → row.
 * @param slots - Cells that a row may keep; surplus cells of merged rows are dropped, earlier ones kept.
 * @returns Cells held by one row only; owners are rows, in order of the list.
 */
export function keepUnique(column: CellColumn, rowOf: Uint32Array, slots: number): CellColumn {
  const rowAt = (position: number): number => rowOf[column.owner[position] as number] as number;
  const kept: number[] = [];
  for (const group of equalGroups(column)) {
    const [first] = group;
    if (first !== undefined && group.every((position) => rowAt(position) === rowAt(first))) kept.push(first);
  }
  kept.sort((one, other) => one - other);
  const used = new Map<number, number>();
  const within = kept.filter((position) => {
    const count = (used.get(rowAt(position)) ?? 0) + 1;
    used.set(rowAt(position), count);
    return count <= slots;
  });
  return pickCells(column, within, rowAt);
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
