/**
 * Bench `round`: the match stage of a round on stored batches — read, decrypted, joined, scored — for parties and sizes.
 * Batches are made directly, 5 % of the rows shared; every pairing's are files of their own with the same columns.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { sizeClassOf } from "#engine/batch/size-class.ts";
import { slotCount } from "#engine/profile.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { PARTIES } from "#fixtures/people.ts";
import { drawnBatch } from "./drawn-batches.ts";
import { MatchReport, type MatchOrder } from "./match-order.ts";
import type { Bench, Measurement, Scale } from "./measurement.ts";
import { benchHeader, freshDataKey, storeBatch } from "./stored-batches.ts";

const SEED = 20_26;
const SHARED = 0.05;

/** Parties, records of each, workers, repeats. */
type Size = readonly [parties: number, records: number, workers: number, repeats: number];
const SIZES: Record<Scale, readonly Size[]> = {
  smoke: [[2, 1_000, 2, 1]],
  usual: [
    [2, 10_000, 2, 5],
    [2, 100_000, 2, 5],
    [2, 1_000_000, 1, 3],
    [2, 1_000_000, 2, 5],
    [12, 10_000, 2, 5],
  ],
  full: [
    [2, 10_000, 2, 5],
    [2, 100_000, 2, 5],
    [2, 1_000_000, 1, 5],
    [2, 1_000_000, 2, 5],
    [12, 10_000, 2, 5],
    [12, 100_000, 2, 5],
    [2, 10_000_000, 2, 1],
  ],
};

export const round: Bench = {
  name: "round",
  about: "the match stage of a round on stored batches, keys per second, peak memory of a process of its own",
  async *measure(scale) {
    for (const size of SIZES[scale]) yield await measureRound(size);
  },
};

/** `matchPeakRssMb` is that of the matching process alone, `hitBytes` what the hits take that wait for the packages. */
export async function measureRound([parties, records, workers, repeats]: Size): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), "aquila-bench-"));
  try {
    const rows = sizeClassOf(records);
    const dataKey = freshDataKey();
    const drawn = { profile: SHIPPED_PROFILE, rows, shared: Math.round(rows * SHARED), seed: SEED };
    const ids = PARTIES.slice(0, parties);
    const pairings: MatchOrder["pairings"] = [];
    let bytes = 0;
    for (const [at, from] of ids.entries()) {
      for (const to of ids.slice(at + 1)) {
        const [a, b] = (["a", "b"] as const).map((side) => {
          const header = benchHeader(SHIPPED_PROFILE, side === "a" ? from : to, side === "a" ? to : from, rows);
          return storeBatch(folder, dataKey, header, drawnBatch(drawn, header, side));
        });
        if (a === undefined || b === undefined) throw new RangeError("a pairing has two batches");
        bytes += a.byteLength + b.byteLength;
        const text64 = Buffer.from(dataKey).toString("base64url");
        pairings.push({
          a: { ...a, paths: [...a.paths], dataKey: text64 },
          b: { ...b, paths: [...b.paths], dataKey: text64 },
        });
      }
    }
    const report = await matchInProcess({ pairings, folder, workers, repeats });
    const sorted = report.seconds.toSorted((one, other) => one - other);
    const median = sorted[sorted.length >>> 1] ?? NaN;
    return {
      size: {
        parties,
        rows,
        slots: slotCount(SHIPPED_PROFILE),
        workers,
        pairings: pairings.length,
        keys: report.keys,
        bytes,
        candidatePairs: report.candidatePairs,
        hits: report.hits,
        hitBytes: report.hitBytes,
        matchPeakRssMb: report.peakRssMb,
      },
      rates: { keysPerSecond: report.keys / median, bytesPerSecond: bytes / median },
      medianMs: median * 1_000,
      repeats,
      checksum: report.checksum,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function matchInProcess(order: MatchOrder): Promise<MatchReport> {
  const child = spawn(
    process.execPath,
    ["--expose-gc", fileURLToPath(new URL("./match-process.ts", import.meta.url))],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  child.stdin.end(JSON.stringify(order));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const answer = await text(child.stdout);
  if ((await ended) !== 0) throw new Error("round: the matching process failed");
  return MatchReport.parse(JSON.parse(answer));
}
