/**
 * Free space that uploads and matchings leave on the disk, so that all else goes on when it is nearly full: the database,
 * acknowledgements, erasure.
 */
import { statfs } from "node:fs/promises";
import { MAX_HEADER_BYTES } from "#engine/batch/header.ts";
import { batchByteLength } from "#engine/batch/layout.ts";
import { LinkageError } from "#engine/errors.ts";
import { expectedRowCount } from "#engine/round/descriptor.ts";
import { storedBytes } from "./plan.ts";
import { readRound, type Round } from "./rounds.ts";
import type { Secretariat } from "./secretariat.ts";
import { findRound } from "./store/rounds.ts";
import type { Store } from "./store/tables.ts";
import { listOpenUploads } from "./store/uploads.ts";

export const RESERVE_BYTES = 268_435_456;

/** @throws {@link LinkageError} `storage-failed` unless the disk of `folder` has `bytes` free beside the reserve. */
export async function requireSpace(folder: string, bytes = 0): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + RESERVE_BYTES)
    throw new LinkageError(
      "storage-failed",
      "the server's disk has too little space for this; nothing of it was taken",
    );
}

/** @returns Bytes of the longest batch that `sender` may send one of the others. */
export function longestBatch({ profile }: Pick<Secretariat, "profile">, { descriptor }: Round, sender: string): number {
  return batchByteLength(profile, expectedRowCount(descriptor, sender), MAX_HEADER_BYTES);
}

/** @returns What the batches that have begun to come may still take of the disk, bytes. */
export async function bytesToCome(store: Store, secretariat: Pick<Secretariat, "profile">): Promise<number> {
  let bytes = 0;
  for (const { round: id, sender, bytesIn } of await listOpenUploads(store)) {
    const row = await findRound(store, id);
    if (row === null) throw new RangeError("an upload belongs to no round");
    bytes += Math.max(0, storedBytes(longestBatch(secretariat, readRound(row), sender)) - bytesIn);
  }
  return bytes;
}
