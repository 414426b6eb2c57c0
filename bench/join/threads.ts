/**
 * Joins and reads on one thread and on two, turn by turn, so that a busy machine slows both alike.
 * Each of two threads has columns and words of its own in shared memory; one thread alone has both. Last, arithmetic
 * without memory: what two threads gain on this machine, at this hour, at best.
 */
import { Piscina } from "piscina";
import type { KeyColumn } from "#engine/batch/column.ts";
import { drawColumns } from "../key-columns.ts";
import type { Measurement } from "../measurement.ts";
import type { ComputeTask, JoinTask, ReadTask } from "./worker.ts";

const SEED = 20_26;
const SHARED = 0.05;
const WORKERS = [1, 2] as const;
/** Joins of one task, so that the message that starts it counts for little. */
const TIMES = 5;

type Task = JoinTask | ReadTask | ComputeTask;

/** Times by number of workers, shortest first, and what all runs gave. */
type Compared = { readonly timesMs: readonly (readonly number[])[]; readonly checksum: string };

/**
 * `speedup` is the median rate by that of one thread; `bestSpeedup` the same of the fastest turns, in which least else ran.
 *
 * @param rows - Of each column.
 * @param words - Words of 4 bytes that each thread reads, turns of arithmetic; a multiple of 65,536.
 */
export async function* measureThreads(rows: number, words: number, repeats: number): AsyncGenerator<Measurement> {
  const pools = WORKERS.map(
    (workers) =>
      new Piscina<Task, string>({
        filename: new URL("./worker.ts", import.meta.url).href,
        minThreads: workers,
        maxThreads: workers,
      }),
  );
  try {
    const joins = [0, 1].map((at): JoinTask => {
      const { a, b } = drawColumns(rows, Math.round(rows * SHARED), SEED + at);
      return { a: shared(a), b: shared(b), times: TIMES };
    });
    const joined = await compare(pools, "join", joins, repeats);
    const keys = 2 * rows * joins.length * TIMES;
    yield* lines(joined, { rowsA: rows, rowsB: rows, cellBytes: 12 }, "Keys", keys);
    const reads = [0, 1].map((at): ReadTask => ({ words: sharedWords(new Uint32Array(words).map((_, i) => i + at)) }));
    const read = await compare(pools, "readWords", reads, repeats);
    const bytes = 4 * words * reads.length;
    yield* lines(read, { readBytes: 4 * words }, "Bytes", bytes);
    const computed = await compare(pools, "compute", [{ turns: words }, { turns: words }], repeats);
    yield* lines(computed, { turns: words }, "Turns", 2 * words);
  } finally {
    for (const pool of pools) await pool.close();
  }
}

async function compare(
  pools: readonly Piscina<Task, string>[],
  name: string,
  tasks: readonly Task[],
  repeats: number,
): Promise<Compared> {
  const times: number[][] = pools.map(() => []);
  const checksums = new Set<string>();
  for (let turn = 0; turn <= repeats; turn++) {
    for (const [at, pool] of pools.entries()) {
      const start = performance.now();
      const made = await Promise.all(tasks.map((task) => pool.run(task, { name })));
      // The first turn starts the threads.
      if (turn > 0) times[at]?.push(performance.now() - start);
      checksums.add(made.join("-"));
    }
  }
  const [checksum, ...others] = checksums;
  if (checksum === undefined || others.length > 0) throw new Error("join: one thread and two give different results");
  return { timesMs: times.map((each) => each.toSorted((one, other) => one - other)), checksum: checksum.slice(0, 16) };
}

function* lines(
  { timesMs, checksum }: Compared,
  size: Readonly<Record<string, number>>,
  unit: "Keys" | "Bytes" | "Turns",
  work: number,
): Generator<Measurement> {
  const alone = timesMs[0] ?? [];
  for (const [at, workers] of WORKERS.entries()) {
    const times = timesMs[at] ?? [];
    const speedup = (time: (times: readonly number[]) => number): number =>
      Number((time(alone) / time(times)).toFixed(2));
    yield {
      size: { ...size, workers, speedup: speedup(median), bestSpeedup: speedup(shortest) },
      rates: {
        [`${unit.toLowerCase()}PerSecond` as const]: work / (median(times) / 1000),
        [`best${unit}PerSecond` as const]: work / (shortest(times) / 1000),
      },
      medianMs: median(times),
      repeats: times.length,
      checksum,
    };
  }
}

function shared({ upper, lower, row }: KeyColumn): KeyColumn {
  return { upper: sharedWords(upper), lower: sharedWords(lower), row: sharedWords(row) };
}

function sharedWords(words: Uint32Array): Uint32Array {
  const copy = new Uint32Array(new SharedArrayBuffer(words.byteLength));
  copy.set(words);
  return copy;
}

function median(sorted: readonly number[]): number {
  return sorted[sorted.length >>> 1] ?? NaN;
}

function shortest(sorted: readonly number[]): number {
  return sorted[0] ?? NaN;
}
