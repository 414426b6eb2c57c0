/**
 * Key columns as raw files: `a.keys` (unsigned 64-bit, little-endian, increasing) and `a.rows` (unsigned 32-bit, little-endian), `b` the same.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyColumn } from "#engine/batch/column.ts";

export type Side = "a" | "b";

export function writeKeyFiles(folder: string, side: Side, column: KeyColumn): void {
  const words = new Uint32Array(column.row.length * 2);
  for (let cell = 0; cell < column.row.length; cell++) {
    words[cell * 2] = column.lower[cell] as number;
    words[cell * 2 + 1] = column.upper[cell] as number;
  }
  writeFileSync(join(folder, `${side}.keys`), new Uint8Array(words.buffer));
  writeFileSync(join(folder, `${side}.rows`), new Uint8Array(Uint32Array.from(column.row).buffer));
}

export function readKeyFiles(folder: string, side: Side): KeyColumn {
  const words = wordsOf(join(folder, `${side}.keys`));
  const row = wordsOf(join(folder, `${side}.rows`));
  return {
    upper: row.map((_, cell) => words[cell * 2 + 1] as number),
    lower: row.map((_, cell) => words[cell * 2] as number),
    row,
  };
}

/** Keys in hexadecimal, 16 digits each. */
export function keyTexts({ upper, lower }: KeyColumn): string[] {
  return Array.from(upper, (high, cell) => hex(high) + hex(lower[cell] as number));
}

function wordsOf(path: string): Uint32Array {
  const bytes = new Uint8Array(readFileSync(path));
  return new Uint32Array(bytes.buffer);
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}
