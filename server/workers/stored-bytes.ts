/**
 * A stored batch as bytes that are read and decrypted when they are wanted, chunk by chunk.
 * The next chunk is read while the last one is worked on; a few decrypted ones are kept, so memory does not grow with the batch.
 */
import { close, open, read } from "node:fs";
import { promisify } from "node:util";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { decrypt, SEALING_BYTES } from "../aead.ts";
import { chunkContext } from "../encrypted-file.ts";
import type { StoredBatch } from "./tasks.ts";

const openFile = promisify(open);
const readFrom = promisify(read);
const closeFile = promisify(close);

/** Decrypted chunks that are kept: one for each of a column's three arrays, and one for the change from one to the next. */
const KEPT_CHUNKS = 4;
/** Chunks that are being read ahead at most. */
const AHEAD_CHUNKS = 3;
const FULL_BYTES = CHUNK_BYTES + SEALING_BYTES;

export type StoredBytes = {
  /**
   * @param byteAt - Offset in the batch, a multiple of 4.
   * @returns The words from there to the end of the chunk or of the batch; valid until few chunks later.
   */
  readonly wordsFrom: (byteAt: number) => Promise<Uint32Array>;
  /** @returns A copy of the bytes from `start` up to `end`. */
  readonly copy: (start: number, end: number) => Promise<Uint8Array>;
};

/** @throws Error from either function if a chunk is missing, was changed, or is another file's. */
export function openStored(stored: StoredBatch): StoredBytes {
  const kept = new Map<number, Uint8Array>();
  const ahead = new Map<number, Promise<Uint8Array>>();
  // Sealed chunks that were opened: their memory takes the next ones.
  const spare: Uint8Array[] = [];

  const readAhead = (index: number): void => {
    if (index >= stored.paths.length || kept.has(index) || ahead.has(index) || ahead.size >= AHEAD_CHUNKS) return;
    const reading = readSealed(stored, index, spare.pop());
    // Whoever awaits it sees the failure; nobody may.
    reading.catch(() => undefined);
    ahead.set(index, reading);
  };
  const chunk = async (index: number): Promise<Uint8Array> => {
    let plain = kept.get(index);
    if (plain === undefined) {
      const sealed = await (ahead.get(index) ?? readSealed(stored, index, spare.pop()));
      ahead.delete(index);
      forgetPassed(ahead, index);
      readAhead(index + 1);
      plain = openChunk(stored, index, sealed);
      if (sealed.length === FULL_BYTES) spare.push(sealed);
    }
    // Last used, last dropped.
    kept.delete(index);
    kept.set(index, plain);
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT_CHUNKS) break;
      kept.delete(oldest);
    }
    return plain;
  };
  return {
    wordsFrom: async (byteAt) => {
      const bytes = await chunk(Math.floor(byteAt / CHUNK_BYTES));
      const within = byteAt % CHUNK_BYTES;
      return new Uint32Array(bytes.buffer, bytes.byteOffset + within, (bytes.length - within) >>> 2);
    },
    copy: async (start, end) => {
      const bytes = new Uint8Array(end - start);
      for (let at = start; at < end;) {
        const from = await chunk(Math.floor(at / CHUNK_BYTES));
        const within = at % CHUNK_BYTES;
        const piece = from.subarray(within, Math.min(from.length, within + end - at));
        bytes.set(piece, at - start);
        at += piece.length;
      }
      return bytes;
    },
  };
}

/** Chunks read ahead in vain must not hold up those that are wanted. */
function forgetPassed(ahead: Map<number, Promise<Uint8Array>>, index: number): void {
  if (ahead.size < AHEAD_CHUNKS) return;
  const [oldest] = ahead.keys();
  if (oldest !== undefined && oldest !== index + 1) ahead.delete(oldest);
}

/** In one call: the length is known. `spare` is used if it has this length. */
async function readSealed({ paths, byteLength }: StoredBatch, index: number, spare?: Uint8Array): Promise<Uint8Array> {
  const path = paths[index];
  if (path === undefined) throw new RangeError(`a stored batch has no chunk ${index}`);
  const length = Math.min(CHUNK_BYTES, byteLength - index * CHUNK_BYTES) + SEALING_BYTES;
  const file = await openFile(path, "r");
  try {
    const sealed = spare?.length === length ? spare : new Uint8Array(length);
    const { bytesRead } = await readFrom(file, sealed, 0, length, 0);
    if (bytesRead !== length) throw new Error("a stored chunk is not as long as it was");
    return sealed;
  } finally {
    await closeFile(file);
  }
}

/** @returns The chunk in memory that starts at a multiple of 4. */
function openChunk({ round, from, to, paths, dataKey }: StoredBatch, index: number, sealed: Uint8Array): Uint8Array {
  const plain = decrypt(dataKey, chunkContext({ round, from, to, index, path: paths[index] ?? "" }), sealed);
  return plain.byteOffset % 4 === 0 ? plain : plain.slice();
}
