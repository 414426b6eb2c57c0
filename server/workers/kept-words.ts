/**
 * Evidence between two tasks of a matching: in memory, or in an encrypted file when a round has more than memory should hold.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { contextOf, decrypt, encrypt } from "../aead.ts";
import { freshFileName } from "../encrypted-file.ts";
import type { KeptWords, StoredBatch } from "./tasks.ts";

const PRIVATE_MODE = 0o600;

/** Not fsynced: a matching that is interrupted starts again, and start-up deletes what no row names. */
export function keepWords(words: Uint32Array, spills: boolean, stored: StoredBatch): KeptWords {
  if (!spills || words.length === 0) return words;
  const file = freshFileName();
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const sealed = encrypt(stored.dataKey, evidenceContext(stored.round, file), bytes);
  writeFileSync(join(folderOf(stored), file), sealed, { mode: PRIVATE_MODE, flag: "wx" });
  return { file, byteLength: words.byteLength };
}

export function takeWords(kept: KeptWords, stored: StoredBatch): Uint32Array {
  if (kept instanceof Uint32Array) return kept;
  const sealed = readFileSync(join(folderOf(stored), kept.file));
  const bytes = decrypt(stored.dataKey, evidenceContext(stored.round, kept.file), sealed);
  if (bytes.length !== kept.byteLength) throw new RangeError("spilled evidence has another length");
  return new Uint32Array(bytes.slice().buffer);
}

/** The round's. */
function folderOf({ paths: [first = ""] }: StoredBatch): string {
  return dirname(first);
}

function evidenceContext(round: string, file: string): Uint8Array {
  return contextOf("aquila/v1/evidence", round, file);
}
