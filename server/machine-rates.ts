/**
 * How fast this machine stores, checks and matches: a few seconds of the server's own work on sample batches.
 * In: a folder on the disk that the server would use. Out: rates; nothing stays in the folder.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Profile } from "#engine/profile.ts";
import { inLanes } from "./lanes.ts";
import { matchPairing } from "./pairing.ts";
import type { MachineRates, RoundSize } from "./plan.ts";
import { storeSamplePairing, type SamplePairing } from "./sample-pairing.ts";
import { openPool, type WorkerPool } from "./workers/pool.ts";

/** Rows of the sample at most: a tile for each worker. */
const SAMPLE_ROWS = 100_000;
const SMALLEST_ROWS = 100;
/** Each worker matches one pairing to warm up, then begins new ones for this long. */
const MATCHING_SECONDS = 1.5;
const MAX_HITS = 10_000_000;

/**
 * @param folder - Exists; a folder of its own is made in it and deleted.
 * @throws Error of the file system if the folder cannot be written.
 */
export async function measureRates(
  folder: string,
  profile: Profile,
  { rowCount, busyWorkers }: RoundSize,
): Promise<MachineRates> {
  const own = mkdtempSync(join(folder, "aquila-plan-"));
  const pool = openPool(busyWorkers, profile);
  try {
    const sample = await storeSamplePairing(own, profile, Math.min(rowCount, SAMPLE_ROWS));
    const smallest = await storeSamplePairing(own, profile, SMALLEST_ROWS);
    const bytes = sample.a.byteLength + sample.b.byteLength;
    const checkSeconds = await secondsToCheck(pool, sample);
    const secondsPerPairing = await secondsToMatch(pool, profile, own, smallest);
    const whole = await secondsToMatch(pool, profile, own, sample);
    // A sample of the smallest size would leave nothing but overhead.
    const matchSeconds = Math.max(whole - secondsPerPairing, whole / 10);
    return {
      storeBytesPerSecond: bytes / sample.storeSeconds,
      checkBytesPerSecond: bytes / checkSeconds,
      matchBytesPerSecond: bytes / matchSeconds,
      secondsPerPairing,
    };
  } finally {
    await pool.close();
    rmSync(own, { recursive: true, force: true });
  }
}

async function secondsToCheck(pool: WorkerPool, { a, b }: SamplePairing): Promise<number> {
  await pool.checkBatch({ stored: a, expected: a.expected });
  const started = performance.now();
  for (const stored of [a, b]) {
    const { refusal } = await pool.checkBatch({ stored, expected: stored.expected });
    if (refusal !== null) throw new Error(`a sample batch is refused: ${refusal.code}`);
  }
  return (performance.now() - started) / 1_000;
}

/** @returns Seconds a pairing, all workers at work. */
async function secondsToMatch(
  pool: WorkerPool,
  profile: Profile,
  folder: string,
  { a, b }: SamplePairing,
): Promise<number> {
  const match = async (): Promise<void> => {
    const signal = new AbortController().signal;
    const onJoined = (): void => undefined;
    await matchPairing(pool, profile, { a, b, folder, lowestBand: "low", cap: MAX_HITS, signal, onJoined });
  };
  const workers = [...Array(pool.workers).keys()];
  await inLanes(workers, workers.length, match);
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1_000;
  let matched = 0;
  await inLanes(workers, workers.length, async () => {
    do {
      await match();
      matched++;
    } while (elapsed() < MATCHING_SECONDS);
  });
  return elapsed() / matched;
}
