/**
 * Records and pairings on one worker and on two, turn by turn, so that a busy machine slows both alike.
 */
import { createHash } from "node:crypto";
import { Piscina } from "piscina";
import { openListPool } from "#client/workers/pool.ts";
import { BUFFERED_RECORDS } from "#engine/encode/list.ts";
import type { UnreadLine } from "#engine/encode/read-list.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { Measurement } from "../measurement.ts";
import { partyRecords } from "./generated.ts";

const WORKERS = [1, 2] as const;
/** Two pairings for each of two workers. */
const PAIRINGS = 4;
/** Small enough that two workers end together. */
const MOST_PART_LINES = BUFFERED_RECORDS / 8;

/** What one worker and two can do: the same task on either, once. */
type Threads = { readonly run: () => Promise<readonly Uint8Array[]>; readonly close: () => Promise<void> };

/** Records from JSON lines to cells, then pairings of an encoded list; one measurement for each number of workers. */
export async function* measureWorkers(recordCount: number, repeats: number): AsyncGenerator<Measurement> {
  const lines = [...partyRecords(recordCount)].map((record, at) => ({
    line: at + 1,
    content: JSON.stringify(record),
  }));
  yield* measureBoth("records", recordCount, repeats, (workers) => recordThreads(workers, lines));
  yield* measureBoth("pairingRows", recordCount * PAIRINGS, repeats, (workers) => pairingThreads(workers, recordCount));
}

function recordThreads(workers: number, lines: readonly UnreadLine[]): Threads {
  const pool = openListPool(workers, SHIPPED_PROFILE, undefined);
  const partLines = Math.min(MOST_PART_LINES, Math.ceil(lines.length / 2));
  const parts = Array.from({ length: Math.ceil(lines.length / partLines) }, (_, at) =>
    lines.slice(at * partLines, (at + 1) * partLines),
  );
  return {
    run: async () => {
      const made = await Promise.all(parts.map((part) => pool.encodeLines(part)));
      return made.flatMap(({ encoded }) => encoded.columns.map(({ digests }) => digests));
    },
    close: pool.close,
  };
}

function pairingThreads(workers: number, recordCount: number): Threads {
  const piscina = new Piscina<undefined, Uint8Array>({
    filename: new URL("./worker.ts", import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    workerData: { recordCount },
  });
  return {
    run: () => Promise.all(Array.from({ length: PAIRINGS }, () => piscina.run(undefined, { name: "encodePairing" }))),
    close: () => piscina.destroy(),
  };
}

/** `speedup` is the rate by that of one worker. */
async function* measureBoth(
  unit: "records" | "pairingRows",
  count: number,
  repeats: number,
  open: (workers: number) => Threads,
): AsyncGenerator<Measurement> {
  const threads = WORKERS.map(open);
  const times: number[][] = threads.map(() => []);
  const checksums = new Set<string>();
  try {
    for (let turn = 0; turn <= repeats; turn++) {
      for (const [at, { run }] of threads.entries()) {
        const start = performance.now();
        const made = await run();
        // The first turn starts the threads.
        if (turn > 0) times[at]?.push(performance.now() - start);
        const hash = createHash("sha256");
        for (const bytes of made) hash.update(bytes);
        checksums.add(hash.digest("hex").slice(0, 16));
      }
    }
  } finally {
    for (const { close } of threads) await close();
  }
  const [checksum, ...others] = checksums;
  if (checksum === undefined || others.length > 0) throw new Error("encode: one worker and two give different bytes");
  const [alone = NaN] = times.map(median);
  for (const [at, workers] of WORKERS.entries()) {
    const medianMs = median(times[at] ?? []);
    yield {
      size: { [unit]: count, workers, speedup: Number((alone / medianMs).toFixed(2)) },
      rates: { [`${unit}PerSecond` as const]: count / (medianMs / 1000) },
      medianMs,
      repeats,
      checksum,
    };
  }
}

function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[times.length >>> 1] ?? NaN;
}
