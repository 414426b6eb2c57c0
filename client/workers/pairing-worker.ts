/**
 * A worker thread of the client: encodes one list for one counterpart after the other and writes the batches.
 */
import { randomFillSync } from "node:crypto";
import { encodeIntoFiles, type WrittenBatch } from "../batch-file.ts";
import { SealedFolder } from "../sealed-folder.ts";
import type { PairingTask } from "./pairing-pool.ts";
import { openSharedList } from "./shared-list.ts";

/** Encodes and writes one batch. */
export function encodePairing({ list, task, vault }: PairingTask): WrittenBatch {
  const files = new SealedFolder(vault.directory, vault.key);
  try {
    return encodeIntoFiles(files, openSharedList(list), task, randomFillSync);
  } finally {
    files.close();
  }
}
