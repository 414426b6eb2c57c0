/**
 * Threads that encode one list together. Nothing of a record leaves the process.
 */
import { Piscina } from "piscina";
import type { UnreadLine } from "#engine/encode/read-list.ts";
import type { Profile } from "#engine/profile.ts";
import type { EncodedLines } from "../encoded-lines.ts";
import { linesTask, type ListWorkerData } from "./tasks.ts";

export type ListPool = {
  /** Number of threads. */
  readonly workers: number;
  /** As a {@link LineEncoder}. */
  readonly encodeLines: (unread: readonly UnreadLine[]) => Promise<EncodedLines>;
  /** Ends the threads; what they were doing fails. */
  readonly close: () => Promise<void>;
};

/** A worker holds one part, the tables and the commonest words; without a limit its garbage would wait in gigabytes. */
const WORKER_MEMORY = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 48 };

/**
 * @param workers - Threads, at least 1.
 * @param categories - As for a {@link LineEncoder}.
 */
export function openListPool(workers: number, profile: Profile, categories: ReadonlySet<string> | undefined): ListPool {
  const workerData: ListWorkerData = { profile, categories: categories === undefined ? null : [...categories] };
  const piscina = new Piscina<unknown, unknown>({
    filename: new URL("./worker.ts", import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    workerData,
    resourceLimits: WORKER_MEMORY,
  });
  return {
    workers,
    encodeLines: async (unread) => (await piscina.run(linesTask(unread), { name: "encodeLines" })) as EncodedLines,
    close: () => piscina.destroy(),
  };
}
