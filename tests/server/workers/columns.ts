/**
 * Columns and bytes as a batch holds them, and agreed cells by brute force.
 */
import type { KeyColumn } from "#engine/batch/column.ts";
import type { StoredBytes } from "#server/workers/stored-bytes.ts";
import type { StoredColumn } from "#server/workers/stored-join.ts";
import { keysOf } from "../../engine/match/arbitraries.ts";

/** A column as a batch holds it, behind `before` words, in chunks of `chunkWords` words. */
export function storedColumn({ upper, lower, row }: KeyColumn, before: number, chunkWords: number): StoredColumn {
  const words = Uint32Array.from([...new Array<number>(before).fill(7), ...upper, ...lower, ...row]);
  const cells = upper.length;
  return {
    layout: {
      rule: 0,
      cells,
      upperAt: 4 * before,
      lowerAt: 4 * (before + cells),
      rowAt: 4 * (before + 2 * cells),
    },
    bytes: chunkedBytes(words, chunkWords),
  };
}

/** Bytes of a batch in chunks of `chunkWords` words. */
export function chunkedBytes(words: Uint32Array, chunkWords: number): StoredBytes {
  return {
    wordsFrom: (byteAt) => {
      const at = byteAt / 4;
      return Promise.resolve(words.slice(at, (Math.floor(at / chunkWords) + 1) * chunkWords));
    },
    copy: (start, end) => Promise.resolve(new Uint8Array(words.buffer).slice(start, end)),
  };
}

/** One column for each rule. */
export type Columns = { readonly columns: readonly KeyColumn[] };

/**
 * @returns For two rows, the keys that both hold under each rule; rules without any are left out. Every key of the one row is
 * held against every key of the other.
 */
export function agreedKeys(a: Columns, b: Columns): (rowA: number, rowB: number) => bigint[][] {
  const [keysA, keysB] = [a, b].map(({ columns }) => columns.map(keysByRow)) as [RowKeys[], RowKeys[]];
  return (rowA, rowB) =>
    keysA
      .map((rows, rule) => (rows.get(rowA) ?? []).filter((key) => keysB[rule]?.get(rowB)?.includes(key)))
      .filter(({ length }) => length > 0);
}

/** @returns The upper half of the smallest key. */
export function smallestUpper(keys: readonly bigint[]): number {
  return Math.min(...keys.map((key) => Number(key >> 32n)));
}

type RowKeys = ReadonlyMap<number, bigint[]>;

function keysByRow(column: KeyColumn): RowKeys {
  return Map.groupBy(keysOf(column), (_, at) => column.row[at] ?? NaN);
}
