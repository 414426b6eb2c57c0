/**
 * Guessed persons' keys looked up in a batch.
 * In: columns of keys, the batch's and the guesses'. Out: which guess touches which row by how many rules.
 */
import { createCipheriv } from "node:crypto";
import type { KeyColumn } from "#engine/batch/column.ts";
import type { CellColumn } from "#engine/encode/cell-store.ts";
import { DIGEST_BYTES } from "#engine/encode/digests.ts";

/** Keys of guesses under one rule, in any order. */
export type GuessedKeys = {
  readonly upper: Uint32Array;
  readonly lower: Uint32Array;
  /** Guess that each belongs to. */
  readonly owner: Uint32Array;
};

/** Turns d of guesses, 16 bytes each, into blocks whose first 8 bytes are their keys. */
export type KeyMaker = (digests: Uint8Array) => Uint8Array;

/** @param keyTag - 32 bytes; docs/spec/encoding.md, "Keys". */
export const keyedWith =
  (keyTag: Uint8Array): KeyMaker =>
  (digests) =>
    createCipheriv("aes-256-ecb", keyTag, null).setAutoPadding(false).update(digests);

/** d itself, as a program without a key would send it. */
export const unkeyed: KeyMaker = (digests) => digests;

export function guessedKeys({ digests, owner }: CellColumn, makeKeys: KeyMaker): GuessedKeys {
  const blocks = makeKeys(digests);
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  return {
    upper: Uint32Array.from(owner, (_, at) => view.getUint32(at * DIGEST_BYTES)),
    lower: Uint32Array.from(owner, (_, at) => view.getUint32(at * DIGEST_BYTES + 4)),
    owner,
  };
}

/** For each guess that touches a row: the rows, and how many cells agree. */
export type Touches = Map<number, Map<number, number>>;

/** @param column - In increasing order; equal keys, which only a naive batch has, are all looked at. */
export function touch({ upper, lower, row }: KeyColumn, guessed: GuessedKeys, touches: Touches): void {
  for (let at = 0; at < guessed.owner.length; at++) {
    const [high, low, guess] = [guessed.upper[at] as number, guessed.lower[at] as number, guessed.owner[at] as number];
    for (let place = firstOf(upper, high); upper[place] === high; place++) {
      if (lower[place] !== low) continue;
      const rows = touches.get(guess) ?? new Map<number, number>();
      const touched = row[place] as number;
      touches.set(guess, rows.set(touched, (rows.get(touched) ?? 0) + 1));
    }
  }
}

/** @returns Place of the first of `values` that is not below `wanted`. */
function firstOf(values: Uint32Array, wanted: number): number {
  let [from, to] = [0, values.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((values[middle] as number) < wanted) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** @returns The row that most cells name; the first of them if several do. */
export function bestRow(rows: ReadonlyMap<number, number>): number {
  let [best, most] = [-1, 0];
  for (const [row, count] of rows) if (count > most) [best, most] = [row, count];
  return best;
}
