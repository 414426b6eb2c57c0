/**
 * Threads that encode one list for several counterparts at a time. Each draws its own randomness.
 */
import { Piscina } from "piscina";
import type { BatchTask, WrittenBatch } from "../batch-file.ts";
import type { VaultAccess } from "../sealed-folder.ts";
import type { SharedList } from "./shared-list.ts";

/** One batch, to be encoded and written into a vault; cloned between threads of one process. */
export type PairingTask = { readonly list: SharedList; readonly task: BatchTask; readonly vault: VaultAccess };

export type PairingPool = {
  readonly encodePairing: (task: PairingTask) => Promise<WrittenBatch>;
  /** Ends the threads; what they were doing fails. */
  readonly close: () => Promise<void>;
};

/** @param workers - Threads, at least 1. */
export function openPairingPool(workers: number): PairingPool {
  const piscina = new Piscina<unknown, unknown>({
    filename: new URL("./pairing-worker.ts", import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
  });
  return {
    encodePairing: async (task) => (await piscina.run(task, { name: "encodePairing" })) as WrittenBatch,
    close: () => piscina.destroy(),
  };
}
