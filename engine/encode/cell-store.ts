/**
 * Where a list's cells wait, rule by rule, between reading the records and making batches.
 * In memory here; a party with a large list brings a store that spills to encrypted files.
 */
import { DIGEST_BYTES } from "./digests.ts";

/** Cells of one rule. */
export type CellColumn = {
  /** d of each cell, 16 bytes each. */
  readonly digests: Uint8Array;
  /** Record, later row, of each cell. */
  readonly owner: Uint32Array;
  /** Information of each cell, bits. */
  readonly bits: Float32Array;
};

export type CellStore = {
  readonly append: (rule: number, column: CellColumn) => void;
  readonly read: (rule: number) => CellColumn;
  /** Puts `column` in place of all that the rule held. */
  readonly replace: (rule: number, column: CellColumn) => void;
};

/** Keeps every column in memory. */
export function memoryCellStore(): CellStore {
  const parts = new Map<number, CellColumn[]>();
  return {
    append: (rule, column) => {
      const before = parts.get(rule);
      if (before === undefined) parts.set(rule, [column]);
      else before.push(column);
    },
    read: (rule) => joinedColumns(parts.get(rule) ?? []),
    replace: (rule, column) => void parts.set(rule, [column]),
  };
}

/** @returns Room for so many cells. */
export function emptyColumn(count: number): CellColumn {
  return {
    digests: new Uint8Array(count * DIGEST_BYTES),
    owner: new Uint32Array(count),
    bits: new Float32Array(count),
  };
}

/** @returns One column holding the cells of all, in order. */
function joinedColumns(columns: readonly CellColumn[]): CellColumn {
  const [only] = columns;
  if (only !== undefined && columns.length === 1) return only;
  const count = columns.reduce((sum, { owner }) => sum + owner.length, 0);
  const joined = emptyColumn(count);
  let at = 0;
  for (const column of columns) {
    joined.digests.set(column.digests, at * DIGEST_BYTES);
    joined.owner.set(column.owner, at);
    joined.bits.set(column.bits, at);
    at += column.owner.length;
  }
  return joined;
}

/** Words of a digest. */
export const DIGEST_WORDS = DIGEST_BYTES / Uint32Array.BYTES_PER_ELEMENT;

/** @returns The cells at `positions`, in that order, with new owners. */
export function pickCells(
  column: CellColumn,
  positions: Uint32Array,
  owners: (position: number) => number,
): CellColumn {
  const picked = emptyColumn(positions.length);
  const from = digestWords(column.digests);
  const to = digestWords(picked.digests);
  for (let at = 0; at < positions.length; at++) {
    const position = positions[at] as number;
    for (let word = 0; word < DIGEST_WORDS; word++)
      to[at * DIGEST_WORDS + word] = from[position * DIGEST_WORDS + word] as number;
    picked.owner[at] = owners(position);
    picked.bits[at] = column.bits[position] as number;
  }
  return picked;
}

/** The same bytes as words, so that a digest is copied without making a view of it. */
export function digestWords(digests: Uint8Array): Uint32Array {
  return new Uint32Array(digests.buffer, digests.byteOffset, digests.byteLength / Uint32Array.BYTES_PER_ELEMENT);
}
