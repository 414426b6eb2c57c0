/**
 * Memory for chunks on their way from a connection to a worker, which reads it where it is.
 * It is used again and again, so that chunks leave the garbage collector no work.
 */
import { CHUNK_BYTES } from "#engine/batch/layout.ts";

/** Idle pieces that are kept; of more at once, as many as there are uploads, the rest is let go. */
const MOST_IDLE = 8;

/** Lends {@link CHUNK_BYTES} zero bytes until `work` has ended, whichever way. */
export type ChunkMemory = <Result>(work: (memory: Uint8Array) => Promise<Result>) => Promise<Result>;

export function makeChunkMemory(): ChunkMemory {
  const idle: Uint8Array[] = [];
  return async (work) => {
    const memory = idle.pop() ?? new Uint8Array(new SharedArrayBuffer(CHUNK_BYTES));
    try {
      return await work(memory);
    } finally {
      // Nothing of a round outlives its request. Shared memory is filled word by word, so the words are long.
      new Float64Array(memory.buffer).fill(0);
      if (idle.length < MOST_IDLE) idle.push(memory);
    }
  };
}
