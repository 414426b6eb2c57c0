/**
 * One pairing's batch, from the encoded list into a vault: batch, own cells and decoys' handles, each file whole or not at all.
 * The same on the main thread and on a worker.
 */
import { createHash } from "node:crypto";
import { encodeBatch, type BatchSource, type Pairing } from "#engine/encode/encode-batch.ts";
import type { Decoy } from "#engine/round/decoys.ts";
import type { RandomFill } from "#engine/uniform.ts";
import { pairingFile } from "./pairing-file.ts";
import type { SealedFolder } from "./sealed-folder.ts";

/** Own cells that are written at once. */
const OWN_CELLS_PART_BYTES = 16 * 2 ** 20;

export type BatchTask = { readonly pairing: Pairing; readonly decoys: readonly Decoy[] };

/** What was written; `digest` is the batch's SHA-256, base64url. */
export type WrittenFile = { readonly digest: string; readonly byteLength: number };

export type WrittenBatch = WrittenFile & {
  /** 16 bytes for each row of the batch. */
  readonly handles: Uint8Array;
  /** Row of the list → row of the batch. */
  readonly place: Uint32Array;
};

/** @throws {@link LinkageError} `batch-too-large` when list and decoys have more rows than declared. */
export function encodeIntoFiles(
  files: SealedFolder,
  source: BatchSource,
  { pairing, decoys }: BatchTask,
  random: RandomFill,
): WrittenBatch {
  const { round, to } = pairing;
  // They come while the batch is written, and go to files of their own, few and bounded.
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let part = 0;
  const writeOwnCells = (): void => {
    files.writePieces(round, pairingFile(to, `cells.${part++}`), held);
    held = [];
    heldBytes = 0;
  };
  const keepOwnCells = (cells: Uint8Array): void => {
    held.push(cells);
    heldBytes += cells.length;
    if (heldBytes >= OWN_CELLS_PART_BYTES) writeOwnCells();
  };
  const { pieces, handles, place, decoyHandles } = encodeBatch(source, pairing, random, { decoys, keepOwnCells });
  const written = writeBatchFile(files, round, to, pieces);
  writeOwnCells();
  files.writeJson(round, pairingFile(to, "decoys.json"), decoyHandles);
  return { ...written, handles, place };
}

/** Writes the pieces as one batch, each before the next is asked for. */
export function writeBatchFile(
  files: SealedFolder,
  round: string,
  counterpart: string,
  pieces: Iterable<Uint8Array>,
): WrittenFile {
  const hash = createHash("sha256");
  let byteLength = 0;
  files.writePieces(round, pairingFile(counterpart, "batch"), hashed());
  return { digest: hash.digest("base64url"), byteLength };

  function* hashed(): Generator<Uint8Array> {
    for (const piece of pieces) {
      hash.update(piece);
      byteLength += piece.length;
      yield piece;
    }
  }
}
