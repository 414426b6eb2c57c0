/**
 * Bench `join`: the merge join of two key columns, one core, cells of 12 bytes, 5 % of the keys shared.
 * `keysPerSecond` counts the keys of both columns.
 */
import { joinColumns } from "#engine/match/join.ts";
import { referenceJoin } from "#engine/match/reference.ts";
import { drawColumns } from "./key-columns.ts";
import { timeRepeats, type Bench, type Measurement, type Scale } from "./measurement.ts";

const SEED = 20_26;
const CELL_BYTES = 12;
const SHARED = 0.05;
const REFERENCE_ROWS = 20_000;
const ROWS: Record<Scale, readonly number[]> = {
  smoke: [20_000],
  usual: [1_000_000],
  full: [1_000_000, 10_000_000],
};

export const join: Bench = {
  name: "join",
  about: "merge join of two key columns, keys of both columns per second",
  *measure(scale) {
    checkAgainstReference();
    for (const rows of ROWS[scale]) yield measureJoin(rows, 5);
  },
};

function measureJoin(rows: number, repeats: number): Measurement {
  const shared = Math.round(rows * SHARED);
  const { a, b } = drawColumns(rows, shared, SEED);
  const checksums = new Set<string>();
  const timing = timeRepeats(
    repeats,
    () => joinColumns(a, b),
    (pairs) => checksums.add(pairsChecksum(pairs)),
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
  const wanted = pairsChecksum(Uint32Array.from(referenceJoin(a, b).flat()));
  const found = pairsChecksum(joinColumns(a, b));
  if (found !== wanted) throw new Error(`join: checksum ${found}, the reference's is ${wanted}`);
}

/** FNV-1a over 32-bit words, twice with different bases; 16 hexadecimal digits, order counts. */
function pairsChecksum(pairs: Uint32Array): string {
  let one = 0x811c9dc5 ^ pairs.length;
  let other = 0x050c5d1f;
  for (const word of pairs) {
    one = Math.imul(one ^ word, 0x01000193);
    other = Math.imul(other ^ (word + 0x9e3779b9), 0x85ebca6b);
  }
  return [one, other].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
