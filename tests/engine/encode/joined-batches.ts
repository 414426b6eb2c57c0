/**
 * Two batches of one pairing, made with decoys and own cells, read again and joined as the engine does.
 */
import { handleOf, readBatch, type Batch } from "#engine/batch/read.ts";
import { joinColumns } from "#engine/match/join.ts";
import { encodeBatch, type EncodedBatch, type Pairing } from "#engine/encode/encode-batch.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { profileDigest } from "#engine/profile.ts";
import { decoysOf } from "#engine/round/decoys.ts";
import { joined } from "../batch/random-batch.ts";
import { pairingOf, randomFrom } from "./lists.ts";

export const KEY_PROOF = Buffer.alloc(32, 7);

export type Side = { readonly encoded: EncodedBatch; readonly batch: Batch; readonly ownCells: Uint8Array };

/** One cell that agrees. */
export type Join = { readonly rule: number; readonly rowA: number; readonly rowB: number; readonly upper: number };

/**
 * @param keyProofB - K_proof as HR has it, should it be another one.
 * @returns The batches of AT and HR, and every cell that agrees between them.
 */
export function joinedBatches(
  listA: EncodedList,
  listB: EncodedList,
  keyProofB: Uint8Array = KEY_PROOF,
): { a: Side; b: Side; joins: Join[] } {
  const a = sideOf(listA, pairingOf("p"), KEY_PROOF);
  const b = sideOf(listB, pairingOf("p", { from: "HR", to: "AT" }), keyProofB);
  const joins = a.batch.columns.flatMap((column, rule) => {
    const other = b.batch.columns[rule];
    if (other === undefined) throw new RangeError(`no column for rule ${rule}`);
    const rows = joinColumns(column, other);
    // Both columns are in order of key, and so is the join.
    const uppers = column.upper.filter((upper, at) => {
      const place = other.upper.indexOf(upper);
      return place >= 0 && other.lower[place] === column.lower[at];
    });
    return Array.from(uppers, (upper, at) => ({
      rule,
      upper,
      rowA: rows[2 * at] ?? NaN,
      rowB: rows[2 * at + 1] ?? NaN,
    }));
  });
  return { a, b, joins };
}

function sideOf(list: EncodedList, pairing: Pairing, keyProof: Uint8Array): Side {
  const kept: Uint8Array[] = [];
  const { profile } = list;
  const encoded = encodeBatch(list, pairing, randomFrom(pairing.from), {
    decoys: decoysOf(profile, keyProof, [pairing.rowCount, pairing.counterpartRowCount]),
    keepOwnCells: (piece) => kept.push(piece),
  });
  const batch = readBatch(joined(encoded.pieces), profile, { ...pairing, profile: profileDigest(profile) });
  return { encoded, batch, ownCells: joined(kept) };
}

/** @returns Rows of the batch that are decoys, in their order. */
export function decoyRows({ batch, encoded }: Side): number[] {
  const rowOf = new Map(Array.from({ length: batch.rowCount }, (_, row) => [handleOf(batch, row), row]));
  return encoded.decoyHandles.map((handle) => rowOf.get(handle) ?? NaN);
}
