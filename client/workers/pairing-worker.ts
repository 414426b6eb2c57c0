/**
 * A worker thread of the client: encodes one list for one counterpart after the other and writes the batches.
 */
import { randomFillSync } from "node:crypto";
import { encodeToFile, type WrittenBatch } from "../batch-file.ts";
import type { PairingTask } from "./pairing-pool.ts";
import { openSharedList } from "./shared-list.ts";

/** Encodes and writes one batch. */
export function encodePairing({ list, pairing, path }: PairingTask): WrittenBatch {
  return encodeToFile(openSharedList(list), pairing, path, randomFillSync);
}
