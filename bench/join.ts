/**
 * Bench `join`: the merge join of two key columns, one core, cells of 12 bytes, 5 % of the keys shared.
 * `keysPerSecond` counts the keys of both columns. Then the same on one thread and on two, and how fast threads read memory.
 */
import { joinColumns } from "#engine/match/join.ts";
import { referenceJoin } from "#engine/match/reference.ts";
import { measureThreads } from "./join/threads.ts";
import { drawColumns } from "./key-columns.ts";
import { timeRepeats, type Bench, type Measurement, type Scale } from "./measurement.ts";
import { wordsChecksum } from "./words-checksum.ts";

const SEED = 20_26;
const CELL_BYTES = 12;
const SHARED = 0.05;
const REFERENCE_ROWS = 20_000;
const ROWS: Record<Scale, readonly number[]> = {
  smoke: [20_000],
  usual: [1_000_000],
  full: [1_000_000, 10_000_000],
};
const REPEATS = 5;
const THREAD_REPEATS: Record<Scale, number> = { smoke: 3, usual: 15, full: 15 };
/** Rows of each column of a thread. */
const THREAD_ROWS: Record<Scale, number> = { smoke: 20_000, usual: 1_000_000, full: 1_000_000 };
/** Words that a thread reads: at full size far more than any cache holds. */
const BANDWIDTH_WORDS: Record<Scale, number> = { smoke: 2 ** 20, usual: 2 ** 26, full: 2 ** 27 };

export const join: Bench = {
  name: "join",
  about: "merge join of two key columns, keys of both per second; on one thread and on two, beside reading memory",
  async *measure(scale) {
    checkAgainstReference();
    for (const rows of ROWS[scale]) yield measureJoin(rows, REPEATS);
    yield* measureThreads(THREAD_ROWS[scale], BANDWIDTH_WORDS[scale], THREAD_REPEATS[scale]);
  },
};

function measureJoin(rows: number, repeats: number): Measurement {
  const shared = Math.round(rows * SHARED);
  const { a, b } = drawColumns(rows, shared, SEED);
  const checksums = new Set<string>();
  const timing = timeRepeats(
    repeats,
    () => joinColumns(a, b),
    (pairs) => checksums.add(wordsChecksum(pairs)),
  );
  const [checksum, ...others] = checksums;
  if (checksum === undefined || others.length > 0) throw new Error("join: repeats give different pairs");
  return {
    size: { rowsA: rows, rowsB: rows, sharedKeys: shared, cellBytes: CELL_BYTES },
    rates: { keysPerSecond: (2 * rows) / (timing.medianMs / 1000) },
    ...timing,
    checksum,
  };
}

function checkAgainstReference(): void {
  const { a, b } = drawColumns(REFERENCE_ROWS, REFERENCE_ROWS * SHARED, SEED);
  const wanted = wordsChecksum(Uint32Array.from(referenceJoin(a, b).flat()));
  const found = wordsChecksum(joinColumns(a, b));
  if (found !== wanted) throw new Error(`join: checksum ${found}, the reference's is ${wanted}`);
}
