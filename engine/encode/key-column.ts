/**
 * Key columns: from the cells of one rule to keys, fillers and their order. docs/spec/encoding.md, "From rows to a batch".
 */
import { createCipheriv } from "node:crypto";
import type { KeyColumn } from "../batch/column.ts";
import type { Profile } from "../profile.ts";
import type { RandomFill } from "../uniform.ts";
import { DIGEST_WORDS, digestWords, type CellColumn } from "./cell-store.ts";
import { DIGEST_BYTES } from "./digests.ts";
import { firstKeys, keysRoom, sortedKeys, type Keys } from "./sort.ts";

/** Cells that travel: d of each, 16 bytes, and its row of the list. */
export type TellingCells = { readonly digests: Uint8Array; readonly rows: Uint32Array };

/** A cell that is no fact's. */
export type DecoyCell = { readonly row: number; readonly digest: Uint8Array };

/**
 * Design §2, rule 3: only facts that are rare enough travel.
 *
 * @param decoyCells - Travel too, behind all others.
 */
export function tellingCells(
  { digests, owner, bits }: CellColumn,
  thresholdBits: number,
  mayTravel: (row: number) => boolean,
  decoyCells: readonly DecoyCell[] = [],
): TellingCells {
  const from = digestWords(digests);
  const telling = new Uint32Array(from.length + decoyCells.length * DIGEST_WORDS);
  const rows = new Uint32Array(owner.length + decoyCells.length);
  let count = 0;
  for (let at = 0; at < owner.length; at++) {
    const row = owner[at] as number;
    if ((bits[at] as number) < thresholdBits || !mayTravel(row)) continue;
    for (let word = 0; word < DIGEST_WORDS; word++)
      telling[count * DIGEST_WORDS + word] = from[at * DIGEST_WORDS + word] as number;
    rows[count++] = row;
  }
  const travelling = new Uint8Array(telling.buffer, 0, (count + decoyCells.length) * DIGEST_BYTES);
  for (const { row, digest } of decoyCells) {
    travelling.set(digest, count * DIGEST_BYTES);
    rows[count++] = row;
  }
  return { digests: travelling, rows: rows.subarray(0, count) };
}

/** Flips the last bit of d of the rows that `turns` names, in place; docs/spec/encoding.md. */
export function turnDigests({ digests, rows }: TellingCells, turns: (row: number) => boolean): void {
  for (let at = 0; at < rows.length; at++) {
    const last = (at + 1) * DIGEST_BYTES - 1;
    if (turns(rows[at] as number)) digests[last] = (digests[last] as number) ^ 1;
  }
}

/** Cells that are encrypted at once: their blocks stay in a processor's cache. */
const ENCRYPTED_CELLS = 4096;

/** Of one pairing: what its key columns are made with. */
type ColumnPairing = { readonly keyTag: Uint8Array; readonly rowCount: number };

/**
 * @param place - Row of the list → row of the batch.
 * @returns Makes one rule's column of the cells that travel, and gives the upper halves of their keys in their order; the column's
 * arrays are new, all others are used again.
 */
export function keyColumnMaker(
  profile: Profile,
  { keyTag, rowCount }: ColumnPairing,
  place: Uint32Array,
  random: RandomFill,
): (telling: TellingCells, slots: number) => { column: KeyColumn; upper: Uint32Array } {
  const mostCells = rowCount * Math.max(...profile.rules.map(({ slots }) => slots));
  const room = keysRoom(mostCells);
  const sortRoom = keysRoom(mostCells);
  const free = new Uint8Array(rowCount);
  return ({ digests, rows }, slots) => {
    const cellCount = rowCount * slots;
    const real = rows.length;
    const cells = firstKeys(room, cellCount);
    const { upper, lower, payload: row } = cells;
    random(upper.subarray(real));
    random(lower.subarray(real));

    // A block cipher as PRF on distinct blocks: the key is the first 8 bytes of AES-256 (FIPS 197), big-endian.
    const cipher = createCipheriv("aes-256-ecb", keyTag, null).setAutoPadding(false);
    free.fill(slots);
    for (let from = 0; from < real; from += ENCRYPTED_CELLS) {
      const blocks = cipher.update(digests.subarray(from * DIGEST_BYTES, (from + ENCRYPTED_CELLS) * DIGEST_BYTES));
      const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength);
      const end = Math.min(from + ENCRYPTED_CELLS, real);
      for (let at = from; at < end; at++) {
        upper[at] = view.getUint32((at - from) * DIGEST_BYTES);
        lower[at] = view.getUint32((at - from) * DIGEST_BYTES + 4);
        const holder = place[rows[at] as number] as number;
        row[at] = holder;
        free[holder] = (free[holder] as number) - 1;
      }
    }
    let at = real;
    for (let holder = 0; holder < rowCount; holder++) {
      for (let left = free[holder] as number; left > 0; left--) row[at++] = holder;
    }
    const column = sortedColumn(cells, real, random, firstKeys(sortRoom, cellCount));
    return { column, upper: upper.subarray(0, real) };
  };
}

/** @param cells - The first `real` of them are telling; fillers among them are drawn again where keys meet. */
function sortedColumn(cells: Keys, real: number, random: RandomFill, between: Keys): KeyColumn {
  for (;;) {
    const { upper, lower, payload: row } = sortedKeys(cells, between);
    const meeting = firstMeeting(upper, lower);
    if (meeting < 0) return { upper, lower, row };
    // Chance of 2⁻⁶⁴ a pair of cells. A filler is drawn again; two telling keys that meet are carried by neither row.
    const [first, second] = positionsOf(cells, upper[meeting] as number, lower[meeting] as number);
    for (const cell of second < real ? [first, second] : [second]) {
      random(cells.upper.subarray(cell, cell + 1));
      random(cells.lower.subarray(cell, cell + 1));
    }
  }
}

/** @returns Place of the first of two equal keys in order; −1 if there are none. */
function firstMeeting(upper: Uint32Array, lower: Uint32Array): number {
  for (let at = 1; at < upper.length; at++)
    if (upper[at] === upper[at - 1] && lower[at] === lower[at - 1]) return at - 1;
  return -1;
}

/** @returns The first two cells that hold the key. */
function positionsOf({ upper, lower }: Keys, high: number, low: number): [number, number] {
  const from = (start: number): number => {
    let at = upper.indexOf(high, start);
    while (lower[at] !== low) at = upper.indexOf(high, at + 1);
    return at;
  };
  const first = from(0);
  return [first, from(first + 1)];
}
