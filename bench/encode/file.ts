/**
 * A list's file from end to end in a process of its own: read, encoded by workers, own duplicates merged, cells on disk.
 */
import { execFile } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { z } from "zod";
import type { Measurement } from "../measurement.ts";
import { partyRecords } from "./generated.ts";

/** What `bench/encode/file-main.ts` prints. */
const FileOutcome = z.strictObject({
  records: z.int(),
  rows: z.int(),
  workers: z.int(),
  milliseconds: z.number(),
  peakRssMb: z.int(),
  checksum: z.string(),
});
export type FileOutcome = z.infer<typeof FileOutcome>;

/** As `npm run aquila` has it: what is left of lines that are done with waits in a third of the room. */
const YOUNG_GENERATION = "--max-semi-space-size=16";

/** `listPeakRssMb` is the peak of the process that encodes the list, all its threads included. */
export async function measureFile(recordCount: number): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), "aquila-bench-"));
  try {
    const path = join(folder, "list.jsonl");
    await pipeline(Readable.from(jsonPieces(recordCount)), createWriteStream(path));
    const command = [YOUNG_GENERATION, "start.mjs", "bench/encode/file-main.ts", path];
    const { stdout } = await promisify(execFile)(process.execPath, command);
    const { records, rows, workers, milliseconds, peakRssMb, checksum }: FileOutcome = FileOutcome.parse(
      JSON.parse(stdout),
    );
    return {
      size: { fileRecords: records, rows, workers, listPeakRssMb: peakRssMb },
      rates: { fileRecordsPerSecond: records / (milliseconds / 1000) },
      medianMs: milliseconds,
      repeats: 1,
      checksum,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const PIECE_CHARACTERS = 1_000_000;

function* jsonPieces(recordCount: number): Generator<string> {
  let piece = "";
  for (const record of partyRecords(recordCount)) {
    piece += `${JSON.stringify(record)}\n`;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}
