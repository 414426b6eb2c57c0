/**
 * Stored batches for benches: chunk files as the server keeps them, encrypted under a data key, without a server.
 */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExpectedBatch } from "#engine/batch/check.ts";
import type { BatchHeader } from "#engine/batch/header.ts";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { profileDigest, type Profile } from "#engine/profile.ts";
import { encrypt } from "#server/aead.ts";
import { chunkContext, freshFileName } from "#server/encrypted-file.ts";
import type { CompleteBatch } from "#server/workers/tasks.ts";

const ROUND = "bench";

/** @returns The header of a batch of the bench's round. */
export function benchHeader(profile: Profile, from: string, to: string, rowCount: number): BatchHeader {
  return {
    format: "aquila/batch/v1",
    from,
    keyId: Buffer.alloc(16, 1).toString("base64url"),
    profile: profileDigest(profile),
    provenanceRoot: Buffer.alloc(32, 2).toString("base64url"),
    round: ROUND,
    rowCount,
    t1: Buffer.alloc(32, 3).toString("base64url"),
    to,
  };
}

/** Writes the pieces as encrypted chunks of a folder. */
export function storeBatch(
  folder: string,
  dataKey: Uint8Array,
  header: BatchHeader,
  pieces: Iterable<Uint8Array>,
): CompleteBatch {
  const { from, to } = header;
  const paths: string[] = [];
  let byteLength = 0;
  for (const chunk of chunksOf(pieces)) {
    const path = join(folder, freshFileName());
    const context = chunkContext({ round: ROUND, from, to, index: paths.length, path });
    writeFileSync(path, encrypt(dataKey, context, chunk));
    paths.push(path);
    byteLength += chunk.length;
  }
  return { round: ROUND, from, to, paths, byteLength, dataKey, expected: expectedOf(header) };
}

export function freshDataKey(): Uint8Array {
  return new Uint8Array(randomBytes(32));
}

/** @returns Chunks of full length but the last; each is used again for the next. */
export function* chunksOf(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  let used = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + CHUNK_BYTES - used);
      chunk.set(part, used);
      used += part.length;
      at += part.length;
      if (used < CHUNK_BYTES) continue;
      yield chunk;
      used = 0;
    }
  }
  if (used > 0) yield chunk.subarray(0, used);
}

function expectedOf({ round, t1, from, to, profile, keyId, rowCount }: BatchHeader): ExpectedBatch {
  return { round, t1, from, to, profile, keyId, rowCount };
}
