/**
 * One pairing's batch, from the encoded list to its file: whole or not there at all.
 */
import { createHash } from "node:crypto";
import { encodeBatch, type BatchSource, type Pairing } from "#engine/encode/encode-batch.ts";
import type { RandomFill } from "#engine/encode/key-column.ts";
import { replaceFile } from "./durable-file.ts";

/** What was written; `digest` is the file's SHA-256, base64url. */
export type WrittenFile = { readonly digest: string; readonly byteLength: number };

export type WrittenBatch = WrittenFile & {
  /** 16 bytes for each row of the batch. */
  readonly handles: Uint8Array;
  /** Row of the list → row of the batch. */
  readonly place: Uint32Array;
};

/** @throws {@link LinkageError} `batch-too-large` when the list has more rows than declared. */
export function encodeToFile(source: BatchSource, pairing: Pairing, path: string, random: RandomFill): WrittenBatch {
  const { pieces, handles, place } = encodeBatch(source, pairing, random);
  return { ...writeBatchFile(path, pieces), handles, place };
}

/** Writes the pieces as one file, each before the next is asked for. */
export function writeBatchFile(path: string, pieces: Iterable<Uint8Array>): WrittenFile {
  const hash = createHash("sha256");
  let byteLength = 0;
  replaceFile(path, hashed());
  return { digest: hash.digest("base64url"), byteLength };

  function* hashed(): Generator<Uint8Array> {
    for (const piece of pieces) {
      hash.update(piece);
      byteLength += piece.length;
      yield piece;
    }
  }
}
