/**
 * Handles of some rows of a stored batch, read in order of the batch.
 */
import { HANDLE_BYTES } from "#engine/batch/layout.ts";
import type { StoredBytes } from "./stored-bytes.ts";

/**
 * @param handlesAt - Offset of the first row's handle, a multiple of 4.
 * @returns Handles, base64url, in order of `rows`.
 */
export async function handlesOf(bytes: StoredBytes, handlesAt: number, rows: readonly number[]): Promise<string[]> {
  const handles = new Array<string>(rows.length);
  const order = [...rows.keys()].sort((one, other) => (rows[one] as number) - (rows[other] as number));
  // What is known of the batch, from `pieceAt` on.
  let piece = Buffer.alloc(0);
  let pieceAt = 0;
  for (const at of order) {
    const start = handlesAt + (rows[at] as number) * HANDLE_BYTES;
    const end = start + HANDLE_BYTES;
    if (end > pieceAt + piece.length) {
      const { buffer, byteOffset, byteLength } = await bytes.wordsFrom(start);
      // A handle may lie across two chunks.
      piece =
        byteLength < HANDLE_BYTES
          ? Buffer.from(await bytes.copy(start, end))
          : Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
      pieceAt = start;
    }
    handles[at] = piece.toString("base64url", start - pieceAt, end - pieceAt);
  }
  return handles;
}
