/**
 * A sample pairing: two stored batches of uniform keys that nobody's records are in, to measure a machine with.
 * In: a folder and a row count. Out: both batches, encrypted in the folder as a round's are, and how long writing took.
 */
import { randomBytes, randomFillSync } from "node:crypto";
import { join } from "node:path";
import type { KeyColumn } from "#engine/batch/column.ts";
import type { ExpectedBatch } from "#engine/batch/check.ts";
import { CHUNK_BYTES, HANDLE_BYTES } from "#engine/batch/layout.ts";
import { writeBatch } from "#engine/batch/write.ts";
import type { Profile } from "#engine/profile.ts";
import { chunkContext, freshFileName, writeEncrypted } from "./encrypted-file.ts";
import { KEY_BYTES } from "./aead.ts";
import { longestExpected } from "./plan.ts";
import type { CompleteBatch } from "./workers/tasks.ts";

/** Rows that both batches have, one agreeing cell a rule. */
const SHARED = 0.05;
/** Odd, so that different upper halves have different lower ones. */
const LOWER_FACTOR = 0x9e3779b1;

export type SamplePairing = {
  readonly a: CompleteBatch;
  readonly b: CompleteBatch;
  /** Encrypting and writing, synced; drawing left out. */
  readonly storeSeconds: number;
};

/** @param rowCount - A size class. */
export async function storeSamplePairing(folder: string, profile: Profile, rowCount: number): Promise<SamplePairing> {
  const expected = longestExpected(profile, rowCount);
  const dataKey = new Uint8Array(randomBytes(KEY_BYTES));
  const shared = Math.round(rowCount * SHARED);
  const common = profile.rules.map(() => randomWords(shared));
  const one = await storeBatch(folder, dataKey, expected, batchPieces(profile, expected, common));
  const turned = { ...expected, from: expected.to, to: expected.from };
  const other = await storeBatch(folder, dataKey, turned, batchPieces(profile, turned, common));
  return { a: one.batch, b: other.batch, storeSeconds: one.seconds + other.seconds };
}

function batchPieces(profile: Profile, expected: ExpectedBatch, common: readonly Uint32Array[]): Generator<Uint8Array> {
  const { rowCount } = expected;
  const handles = new Uint8Array(randomBytes(rowCount * HANDLE_BYTES));
  const provenanceRoot = Buffer.alloc(32).toString("base64url");
  return writeBatch(
    profile,
    { format: "aquila/batch/v1", ...expected, provenanceRoot },
    { handles, classes: new Uint8Array(rowCount) },
    drawnColumns(profile, rowCount, common),
  );
}

function* drawnColumns(profile: Profile, rowCount: number, common: readonly Uint32Array[]): Generator<KeyColumn> {
  for (const [rule, { slots }] of profile.rules.entries()) {
    const shared = common[rule] ?? new Uint32Array();
    const upper = new Uint32Array(rowCount * slots);
    upper.set(shared);
    upper.set(randomWords(upper.length - shared.length), shared.length);
    upper.sort();
    // Two equal keys are moved apart; the few that are shared and moved are met no more.
    for (let at = 1; at < upper.length; at++)
      upper[at] = Math.max(upper[at] as number, Math.min((upper[at - 1] as number) + 1, 0xffff_ffff));
    yield {
      upper,
      lower: upper.map((half) => Math.imul(half, LOWER_FACTOR) >>> 0),
      row: new Uint32Array(upper.length).map((_, cell) => cell % rowCount),
    };
  }
}

async function storeBatch(
  folder: string,
  dataKey: Uint8Array,
  expected: ExpectedBatch,
  pieces: Iterable<Uint8Array>,
): Promise<{ readonly batch: CompleteBatch; readonly seconds: number }> {
  const { round, from, to } = expected;
  const paths: string[] = [];
  const chunk = new Uint8Array(CHUNK_BYTES);
  let used = 0;
  let byteLength = 0;
  let seconds = 0;
  const store = async (): Promise<void> => {
    const started = performance.now();
    const name = freshFileName();
    const path = join(folder, name);
    const context = chunkContext({ round, from, to, index: paths.length, path });
    await writeEncrypted(folder, name, dataKey, context, chunk.subarray(0, used));
    paths.push(path);
    byteLength += used;
    used = 0;
    seconds += (performance.now() - started) / 1_000;
  };
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + CHUNK_BYTES - used);
      chunk.set(part, used);
      used += part.length;
      at += part.length;
      if (used === CHUNK_BYTES) await store();
    }
  }
  if (used > 0) await store();
  return { batch: { round, from, to, paths, byteLength, dataKey, expected }, seconds };
}

function randomWords(count: number): Uint32Array {
  return randomFillSync(new Uint32Array(count));
}
