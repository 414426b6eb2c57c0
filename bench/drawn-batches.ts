/**
 * Batches made directly: columns of uniform keys, without records, as two parties would send them.
 * In: a profile, rows, the share of rows that both hold. Out: the pieces of both batches. A person whom both hold agrees on
 * the first slot of every rule; the other cells are met by nobody.
 */
import type { KeyColumn } from "#engine/batch/column.ts";
import type { BatchHeader } from "#engine/batch/header.ts";
import { HANDLE_BYTES } from "#engine/batch/layout.ts";
import { writeBatch } from "#engine/batch/write.ts";
import type { Profile } from "#engine/profile.ts";
import { Draws } from "#fixtures/draws.ts";

/** What both batches of a pairing are drawn from. */
export type DrawnPairing = {
  readonly profile: Profile;
  /** Rows of each batch, a size class. */
  readonly rows: number;
  /** Rows that stand for persons whom both hold. */
  readonly shared: number;
  /** Unsigned 32-bit integer. */
  readonly seed: number;
};

/** @returns The batch's bytes in order; pieces are used again, so consume each before the next. */
export function drawnBatch(drawn: DrawnPairing, header: BatchHeader, side: "a" | "b"): Generator<Uint8Array> {
  const { profile, rows } = drawn;
  const draws = new Draws(drawn.seed ^ (side === "a" ? 0x5bd1e995 : 0x1b873593));
  const handles = new Uint8Array(new Uint32Array((rows * HANDLE_BYTES) / 4).map(() => draws.word()).buffer);
  const classes = new Uint8Array(rows).map((_, row) => row % profile.coverageClasses.length);
  return writeBatch(profile, header, { handles, classes }, drawnColumns(drawn, side));
}

function* drawnColumns({ profile, rows, shared, seed }: DrawnPairing, side: "a" | "b"): Generator<KeyColumn> {
  for (const [rule, { slots }] of profile.rules.entries()) {
    const common = sortedKeys(new Draws(seed + 3 * rule), shared);
    const own = sortedKeys(new Draws(seed + 3 * rule + (side === "a" ? 1 : 2)), rows * slots - shared);
    yield mergedColumn(common, own, rows, side === "a" ? 1 : rows - 1);
  }
}

type Keys = { readonly upper: Uint32Array; readonly lower: Uint32Array };

/** Strictly increasing uniform keys: gaps of a Poisson process, scaled to the key space (Devroye 1986, ch. V.3). */
function sortedKeys(draws: Draws, count: number): Keys {
  const upper = new Uint32Array(count);
  const lower = new Uint32Array(count);
  const sums = new Float64Array(count + 1);
  let sum = 0;
  for (let at = 0; at <= count; at++) {
    sum -= Math.log((draws.word() + 1) / 2 ** 32);
    sums[at] = sum;
  }
  for (let at = 0; at < count; at++) {
    upper[at] = Math.floor(((sums[at] as number) / sum) * 0xffff_ffff);
    // Equal upper halves are rare; their lower halves must increase, so the later ones come out of the range's upper half.
    const tied = at > 0 && upper[at] === upper[at - 1];
    const drawn = draws.word() >>> 1;
    lower[at] = tied ? Math.max((lower[at - 1] as number) + 1, 0x8000_0000 + drawn) : drawn;
  }
  return { upper, lower };
}

/**
 * @param step - Multiplied with a cell's number to give its row: coprime to `rows`.
 */
function mergedColumn(common: Keys, own: Keys, rows: number, step: number): KeyColumn {
  const shared = common.upper.length;
  const cells = shared + own.upper.length;
  const column = { upper: new Uint32Array(cells), lower: new Uint32Array(cells), row: new Uint32Array(cells) };
  let [i, j] = [0, 0];
  for (let cell = 0; cell < cells; cell++) {
    const highA = common.upper[i] as number;
    const highB = own.upper[j] as number;
    const fromCommon =
      j === own.upper.length ||
      (i < shared && (highA < highB || (highA === highB && (common.lower[i] as number) <= (own.lower[j] as number))));
    const from = fromCommon ? common : own;
    const at = fromCommon ? i++ : j++;
    column.upper[cell] = from.upper[at] as number;
    column.lower[cell] = from.lower[at] as number;
    column.row[cell] = ((fromCommon ? at : shared + at) * step) % rows;
  }
  return column;
}
