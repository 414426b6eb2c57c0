/**
 * The worker pool: one thread for each worker configured, each holding the profile.
 */
import { Piscina } from "piscina";
import type { Profile } from "#engine/profile.ts";
import type {
  CheckAnswer,
  CheckTask,
  ChunkAnswer,
  ChunkTask,
  FoldAnswer,
  FoldTask,
  JoinAnswer,
  JoinTask,
  ReleaseAnswer,
  ReleaseTask,
  SealAnswer,
  SealTask,
  SettleAnswer,
  SettleTask,
} from "./tasks.ts";

export type WorkerPool = {
  /** Number of threads. */
  readonly workers: number;
  /** @returns Number of tasks that no thread has taken yet. */
  readonly waiting: () => number;
  /** Digests, encrypts and stores a chunk, which stays where it is if its memory is shared. */
  readonly storeChunk: (task: ChunkTask) => Promise<ChunkAnswer>;
  readonly checkBatch: (task: CheckTask) => Promise<CheckAnswer>;
  /** The matching tasks end their threads at once, and reject, when the signal aborts. */
  readonly joinTile: (task: JoinTask, signal: AbortSignal) => Promise<JoinAnswer>;
  readonly foldBlock: (task: FoldTask, signal: AbortSignal) => Promise<FoldAnswer>;
  readonly releaseBlock: (task: ReleaseTask, signal: AbortSignal) => Promise<ReleaseAnswer>;
  readonly settleBlock: (task: SettleTask, signal: AbortSignal) => Promise<SettleAnswer>;
  readonly sealPackage: (task: SealTask) => Promise<SealAnswer>;
  /** Ends the threads; what they were doing fails. */
  readonly close: () => Promise<void>;
};

/** @param workers - Threads, at least 1. */
export function openPool(workers: number, profile: Profile): WorkerPool {
  const piscina = new Piscina<unknown, unknown>({
    filename: new URL("./worker.ts", import.meta.url).href,
    minThreads: 1,
    maxThreads: workers,
    idleTimeout: 60_000,
    workerData: { profile },
  });
  // One reader at a time: a batch under check is whole in memory.
  let lastCheck: Promise<unknown> = Promise.resolve();
  let waitingChecks = 0;
  return {
    workers,
    waiting: () => piscina.queueSize + waitingChecks,
    storeChunk: async (task) => (await piscina.run(task, { name: "storeChunk" })) as ChunkAnswer,
    checkBatch: (task) => {
      waitingChecks += 1;
      const check = lastCheck.then(() => {
        waitingChecks -= 1;
        return piscina.run(task, { name: "checkBatch" });
      }) as Promise<CheckAnswer>;
      lastCheck = check.catch(() => undefined);
      return check;
    },
    joinTile: async (task, signal) => (await piscina.run(task, { name: "joinTile", signal })) as JoinAnswer,
    foldBlock: async (task, signal) => (await piscina.run(task, { name: "foldBlock", signal })) as FoldAnswer,
    releaseBlock: async (task, signal) => (await piscina.run(task, { name: "releaseBlock", signal })) as ReleaseAnswer,
    settleBlock: async (task, signal) => (await piscina.run(task, { name: "settleBlock", signal })) as SettleAnswer,
    sealPackage: async (task) => (await piscina.run(task, { name: "sealPackage" })) as SealAnswer,
    close: () => piscina.destroy(),
  };
}
