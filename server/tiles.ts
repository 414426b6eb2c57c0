/**
 * Tiles: a pairing's join cut into pieces of work of nearly equal size.
 * In: the columns of both batches. Out: for each tile, ranges of rules; together they cover every key once.
 */
import type { Batch } from "#engine/batch/read.ts";
import { cutRanges } from "#engine/match/join.ts";
import type { TilePart } from "./workers/tasks.ts";

/** Keys of both columns in one tile: some ten milliseconds of work. */
const TILE_KEYS = 2_000_000;

/**
 * @param keysPerTile - A larger rule is cut by key range, smaller ones share a tile.
 * @returns The same tiles for any number of workers.
 */
export function planTiles(
  a: Pick<Batch, "columns">,
  b: Pick<Batch, "columns">,
  keysPerTile: number = TILE_KEYS,
): TilePart[][] {
  const tiles: TilePart[][] = [];
  let open: TilePart[] = [];
  let openKeys = 0;
  a.columns.forEach((columnA, rule) => {
    const columnB = b.columns[rule];
    if (columnB === undefined) throw new RangeError(`planTiles: no rule ${rule}`);
    const cuts = Math.max(1, Math.ceil((columnA.upper.length + columnB.upper.length) / keysPerTile));
    for (const range of cutRanges(columnA, columnB, cuts)) {
      const keys = range.endA - range.startA + range.endB - range.startB;
      if (open.length > 0 && openKeys + keys > keysPerTile) {
        tiles.push(open);
        open = [];
        openKeys = 0;
      }
      open.push({ rule, range });
      openKeys += keys;
    }
  });
  if (open.length > 0) tiles.push(open);
  return tiles;
}
