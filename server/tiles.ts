/**
 * Tiles: a pairing's join cut into pieces of work of nearly equal size, by rule and by key range.
 * In: where both batches have their columns. Out: for each tile, ranges of rules; together they cover every key once.
 */
import type { BatchLayout } from "#engine/batch/layout.ts";

/** A range of one rule's keys: upper halves from `fromUpper` up to `toUpper`. */
export type TilePart = { readonly rule: number; readonly fromUpper: number; readonly toUpper: number };

/** Keys of both columns in one tile: some fifty milliseconds of work. */
const TILE_KEYS = 8_000_000;
const UPPER_HALVES = 2 ** 32;

/**
 * Keys are uniform over their range, so equal ranges are equal work.
 *
 * @param keysPerTile - A larger rule is cut by key range; smaller ones that follow one another share a tile.
 * @returns The same tiles for any number of workers.
 */
export function planTiles(
  a: Pick<BatchLayout, "columns">,
  b: Pick<BatchLayout, "columns">,
  keysPerTile: number = TILE_KEYS,
): TilePart[][] {
  const tiles: TilePart[][] = [];
  let open: TilePart[] = [];
  let openKeys = 0;
  a.columns.forEach(({ rule, cells }) => {
    const other = b.columns[rule];
    if (other === undefined) throw new RangeError(`planTiles: no rule ${rule}`);
    const keys = cells + other.cells;
    const cuts = Math.max(1, Math.ceil(keys / keysPerTile));
    for (let cut = 0; cut < cuts; cut++) {
      if (open.length > 0 && openKeys + keys / cuts > keysPerTile) {
        tiles.push(open);
        open = [];
        openKeys = 0;
      }
      const bound = (at: number): number => Math.floor((at * UPPER_HALVES) / cuts);
      open.push({ rule, fromUpper: bound(cut), toUpper: bound(cut + 1) });
      openKeys += keys / cuts;
    }
  });
  if (open.length > 0) tiles.push(open);
  return tiles;
}
