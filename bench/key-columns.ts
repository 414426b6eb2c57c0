/**
 * Pairs of key columns as two parties would send them: uniform 64-bit keys, strictly increasing, rows shuffled.
 */
import type { KeyColumn } from "#engine/batch/column.ts";
import { Draws } from "#fixtures/draws.ts";
import { permutation } from "#fixtures/permutation.ts";

/**
 * Two columns that share some keys.
 *
 * @param rows - Rows, and keys, of each column.
 * @param shared - Keys that both hold, at most `rows`.
 * @param seed - Unsigned 32-bit integer.
 */
export function drawColumns(rows: number, shared: number, seed: number): { a: KeyColumn; b: KeyColumn } {
  const draws = new Draws(seed);
  const common = drawKeys(draws, shared);
  return {
    a: columnOf([common, drawKeys(draws, rows - shared)], draws.word()),
    b: columnOf([common, drawKeys(draws, rows - shared)], draws.word()),
  };
}

function drawKeys(draws: Draws, count: number): Uint32Array {
  return new Uint32Array(count * 2).map(() => draws.word());
}

/** Sorts the keys, which are drawn as pairs of words, low word first. */
function columnOf(parts: readonly Uint32Array[], seed: number): KeyColumn {
  const words = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    words.set(part, at);
    at += part.length;
  }
  const keys = new BigUint64Array(words.buffer).sort();
  const halves = new Uint32Array(keys.buffer);
  const upper = new Uint32Array(keys.length);
  const lower = new Uint32Array(keys.length);
  const row = new Uint32Array(keys.length);
  const order = permutation(keys.length, seed);
  for (let cell = 0; cell < keys.length; cell++) {
    lower[cell] = halves[cell * 2] as number;
    upper[cell] = halves[cell * 2 + 1] as number;
    row[cell] = order.forward(cell);
  }
  return { upper, lower, row };
}
