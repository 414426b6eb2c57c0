/**
 * The worker pool: one thread for each worker configured, each holding the profile.
 */
import { Piscina } from "piscina";
import type { Profile } from "#engine/profile.ts";
import type {
  CheckAnswer,
  CheckTask,
  JoinAnswer,
  JoinTask,
  LoadTask,
  ScoreAnswer,
  ScoreTask,
  SealAnswer,
  SealTask,
} from "./tasks.ts";

export type WorkerPool = {
  /** Number of threads. */
  readonly workers: number;
  readonly checkBatch: (task: CheckTask) => Promise<CheckAnswer>;
  readonly loadBatch: (task: LoadTask) => Promise<void>;
  readonly joinTile: (task: JoinTask) => Promise<JoinAnswer>;
  readonly scoreTiles: (task: ScoreTask) => Promise<ScoreAnswer>;
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
  return {
    workers,
    checkBatch: (task) => {
      const check = lastCheck.then(() => piscina.run(task, { name: "checkBatch" })) as Promise<CheckAnswer>;
      lastCheck = check.catch(() => undefined);
      return check;
    },
    loadBatch: async (task) => {
      await piscina.run(task, { name: "loadBatch" });
    },
    joinTile: async (task) => (await piscina.run(task, { name: "joinTile" })) as JoinAnswer,
    scoreTiles: async (task) => (await piscina.run(task, { name: "scoreTiles" })) as ScoreAnswer,
    sealPackage: async (task) => (await piscina.run(task, { name: "sealPackage" })) as SealAnswer,
    close: () => piscina.destroy(),
  };
}
