/**
 * Own cells: what a party keeps of a batch, so that it can say later with which facts a row agreed. docs/spec/encoding.md, "Own cells".
 * In: the cells that travel, rule by rule. Out: 28 bytes for each; and of the rows that became hits, their cells again.
 */
import { requireLittleEndian } from "../batch/layout.ts";
import { DIGEST_WORDS, digestWords } from "./cell-store.ts";
import { DIGEST_BYTES } from "./digests.ts";
import type { TellingCells } from "./key-column.ts";

/** Row of the batch, rule, upper half of the key, d; little-endian words. */
const CELL_WORDS = 3 + DIGEST_WORDS;
const OWN_CELL_BYTES = 4 * CELL_WORDS;
const UPPER_HALF_BYTES = 4;

/** A cell of one row of the batch: d as it was encrypted, 16 bytes, and the upper half of its key. */
export type OwnCell = { readonly rule: number; readonly upper: number; readonly digest: Uint8Array };

/** A rule that agreed, and the d under which it did. */
export type AgreedCell = Pick<OwnCell, "rule" | "digest">;

/**
 * @param upper - Upper half of each cell's key.
 * @param count - Cells from the start that are kept.
 * @param place - Row of the list → row of the batch.
 */
export function ownCellBytes(
  rule: number,
  { digests, rows }: TellingCells,
  upper: Uint32Array,
  count: number,
  place: Uint32Array,
): Uint8Array {
  requireLittleEndian();
  const from = digestWords(digests);
  const words = new Uint32Array(count * CELL_WORDS);
  for (let at = 0; at < count; at++) {
    const to = at * CELL_WORDS;
    words[to] = place[rows[at] as number] as number;
    words[to + 1] = rule;
    words[to + 2] = upper[at] as number;
    for (let word = 0; word < DIGEST_WORDS; word++) words[to + 3 + word] = from[at * DIGEST_WORDS + word] as number;
  }
  return new Uint8Array(words.buffer);
}

/**
 * @param pieces - The bytes kept, cut anywhere.
 * @param wanted - Rows of the batch.
 * @returns The wanted rows' cells; a row that has none is absent.
 * @throws RangeError when the bytes end within a cell.
 */
export function readOwnCells(pieces: Iterable<Uint8Array>, wanted: ReadonlySet<number>): Map<number, OwnCell[]> {
  const cells = new Map<number, OwnCell[]>();
  let rest: Uint8Array = new Uint8Array(0);
  for (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (; at + OWN_CELL_BYTES <= bytes.length; at += OWN_CELL_BYTES) {
      const row = view.getUint32(at, true);
      if (!wanted.has(row)) continue;
      // Copied: the slice of a Buffer would be a view on a piece that the reader may use again.
      const digest = new Uint8Array(bytes.subarray(at + OWN_CELL_BYTES - DIGEST_BYTES, at + OWN_CELL_BYTES));
      const cell = { rule: view.getUint32(at + 4, true), upper: view.getUint32(at + 8, true), digest };
      const before = cells.get(row);
      if (before === undefined) cells.set(row, [cell]);
      else before.push(cell);
    }
    rest = new Uint8Array(bytes.subarray(at));
  }
  if (rest.length > 0) throw new RangeError("readOwnCells: the bytes end within a cell");
  return cells;
}

/**
 * The cells that a hit names.
 *
 * @param own - Cells of the hit's row.
 * @param pattern - The hit's agreement pattern.
 * @param named - Upper halves of the keys that agreed, 4 bytes each, big-endian, one for each rule of the pattern in profile order.
 * @returns One for each rule of the pattern, profile order; null when the row has not every one of them, or their number is another.
 */
export function agreedCells(own: readonly OwnCell[], pattern: number, named: Uint8Array): AgreedCell[] | null {
  const rules = Array.from({ length: 32 }, (_, rule) => rule).filter((rule) => ((pattern >>> rule) & 1) === 1);
  if (named.length !== UPPER_HALF_BYTES * rules.length) return null;
  const view = new DataView(named.buffer, named.byteOffset, named.byteLength);
  const agreed = rules.flatMap((rule, at) => {
    const upper = view.getUint32(UPPER_HALF_BYTES * at);
    return own.find((cell) => cell.rule === rule && cell.upper === upper) ?? [];
  });
  return agreed.length === rules.length ? agreed.map(({ rule, digest }) => ({ rule, digest })) : null;
}
