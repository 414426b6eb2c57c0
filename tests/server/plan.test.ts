/**
 * The plan of a round against the batches that a round really has.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { batchLayout, CHUNK_BYTES } from "#engine/batch/layout.ts";
import { sizeClassOf } from "#engine/batch/size-class.ts";
import { slotCount } from "#engine/profile.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { SEALING_BYTES } from "#server/aead.ts";
import { measureRates } from "#server/machine-rates.ts";
import { longestExpected, matchMemoryBytes, roundSeconds, roundSize, storedBytes } from "#server/plan.ts";
import { storeSamplePairing } from "#server/sample-pairing.ts";

const provenanceRoot = Buffer.alloc(32).toString("base64url");

test.each([
  { parties: 2, records: 1, pairings: 1 },
  { parties: 12, records: 100_000, pairings: 66 },
  { parties: 12, records: 90_001, pairings: 66 },
  { parties: 32, records: 10_000_000, pairings: 496 },
])("$parties parties of $records records: sizes are those of the layout", ({ parties, records, pairings }) => {
  const size = roundSize(SHIPPED_PROFILE, parties, records, 4);
  const rowCount = sizeClassOf(records);
  const expected = longestExpected(SHIPPED_PROFILE, rowCount);
  const { byteLength } = batchLayout(SHIPPED_PROFILE, { format: "aquila/batch/v1", ...expected, provenanceRoot });
  expect(size).toMatchObject({ rowCount, pairings, batches: 2 * pairings, batchBytes: byteLength });
  expect(size.keys).toBe(2 * pairings * rowCount * slotCount(SHIPPED_PROFILE));
  const chunks = Math.ceil(byteLength / CHUNK_BYTES);
  expect(size.diskBytes).toBe(2 * pairings * (byteLength + SEALING_BYTES * chunks));
});

test("a batch with shorter ids is less than a hundred bytes shorter than planned", () => {
  const longest = longestExpected(SHIPPED_PROFILE, 1_000);
  const header = { format: "aquila/batch/v1" as const, ...longest, round: "1", from: "AT", to: "HR", provenanceRoot };
  const { byteLength } = batchLayout(SHIPPED_PROFILE, header);
  const planned = roundSize(SHIPPED_PROFILE, 2, 1_000, 1).batchBytes;
  expect(planned - byteLength).toBeGreaterThanOrEqual(0);
  expect(planned - byteLength).toBeLessThan(100);
});

test("no more workers are counted than pairings at once have tiles", () => {
  expect(roundSize(SHIPPED_PROFILE, 2, 1_000, 8).busyWorkers).toBe(1);
  expect(roundSize(SHIPPED_PROFILE, 12, 1_000, 8).busyWorkers).toBe(2);
  expect(roundSize(SHIPPED_PROFILE, 12, 1_000_000, 8).busyWorkers).toBe(8);
});

test("seconds are bytes by rate, and for matching what each pairing takes besides", () => {
  const size = roundSize(SHIPPED_PROFILE, 12, 2_000, 2);
  const rates = {
    storeBytesPerSecond: 1e6,
    checkBytesPerSecond: 2e6,
    matchBytesPerSecond: 4e6,
    secondsPerPairing: 0.5,
  };
  const bytes = 132 * size.batchBytes;
  expect(roundSeconds(size, rates)).toEqual({ store: bytes / 1e6, check: bytes / 2e6, match: bytes / 4e6 + 33 });
});

test.each([
  { parties: 2, records: 1_000_000, workers: 1, measuredMb: 537 },
  { parties: 2, records: 1_000_000, workers: 2, measuredMb: 756 },
  { parties: 2, records: 10_000_000, workers: 2, measuredMb: 1_272 },
  { parties: 12, records: 10_000, workers: 2, measuredMb: 583 },
  { parties: 12, records: 100_000, workers: 2, measuredMb: 929 },
])(
  "memory is planned above what bench round measured: $measuredMb MiB",
  ({ parties, records, workers, measuredMb }) => {
    const planned = matchMemoryBytes(roundSize(SHIPPED_PROFILE, parties, records, workers)) / 2 ** 20;
    expect(planned).toBeGreaterThan(measuredMb);
    expect(planned).toBeLessThan(1.5 * measuredMb);
  },
);

test("a sample takes on disk what is planned for a batch, and measuring leaves nothing behind", async () => {
  const folder = mkdtempSync(join(tmpdir(), "aquila-test-plan-"));
  try {
    const { a, b } = await storeSamplePairing(folder, SHIPPED_PROFILE, 10_000);
    const { batchBytes } = roundSize(SHIPPED_PROFILE, 2, 10_000, 1);
    for (const { paths, byteLength } of [a, b]) {
      expect(byteLength).toBe(batchBytes);
      expect(paths.reduce((sum, path) => sum + statSync(path).size, 0)).toBe(storedBytes(batchBytes));
    }
    for (const path of [...a.paths, ...b.paths]) rmSync(path);
    const rates = await measureRates(folder, SHIPPED_PROFILE, roundSize(SHIPPED_PROFILE, 3, 1_000, 2));
    for (const rate of Object.values(rates)) expect(rate).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
