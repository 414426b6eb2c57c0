/**
 * The reader of batches: refuses what the format does not allow, in the order of docs/spec/batch.md, "Decoders MUST".
 * In: bytes as they came. Out: the batch as views on them.
 */
import { LinkageError } from "../errors.ts";
import type { Profile } from "../profile.ts";
import { checkBatch, type ExpectedBatch } from "./check.ts";
import type { KeyColumn } from "./column.ts";
import { readHeader, type BatchHeader } from "./header.ts";
import { batchLayout, HANDLE_BYTES, requireLittleEndian, type BatchLayout } from "./layout.ts";

/** A batch; its arrays are views on the bytes that it was read from. */
export type Batch = {
  readonly header: BatchHeader;
  readonly rowCount: number;
  /** 16 bytes for each row. */
  readonly handles: Uint8Array;
  /** Coverage class of each row. */
  readonly classes: Uint8Array;
  /** One for each rule, profile order. */
  readonly columns: readonly KeyColumn[];
};

/**
 * Reads and validates a batch.
 *
 * @param bytes - The whole batch; may view shared memory. Starts at a multiple of 8 in its buffer.
 * @param profile - The profile whose digest is `expected.profile`.
 * @throws {@link LinkageError} with the first code that applies, in this order: `batch-malformed` (prefix and header),
 *   `batch-round-mismatch`, `batch-pairing-mismatch`, `batch-profile-mismatch`, `batch-key-mismatch`, `batch-too-large`,
 *   `batch-size-class`, `batch-truncated`, `batch-malformed` (body), `batch-class-thin`, and for each column in turn
 *   `batch-column-order`, `batch-row-range`, `batch-row-count`. A header that is cut off is `batch-truncated`.
 */
export function readBatch(bytes: Uint8Array, profile: Profile, expected: ExpectedBatch): Batch {
  const check = checkBatch(profile, expected, bytes.length);
  check.feed(bytes);
  const { header, layout } = check.finish();
  return viewsOf(bytes, header, layout);
}

/**
 * Views bytes that {@link readBatch} has validated before, without validating them again.
 *
 * @param bytes - As for {@link readBatch}.
 * @throws {@link LinkageError} `batch-malformed` or `batch-truncated` if there is nothing to view.
 */
export function viewBatch(bytes: Uint8Array, profile: Profile): Batch {
  const { header } = readHeader(bytes);
  return viewsOf(bytes, header, batchLayout(profile, header));
}

/** @returns The row's handle, base64url, 22 characters. */
export function handleOf(batch: Pick<Batch, "handles" | "rowCount">, row: number): string {
  if (!(row >= 0 && row < batch.rowCount)) throw new RangeError(`handleOf: no row ${row}`);
  return Buffer.from(batch.handles.subarray(row * HANDLE_BYTES, (row + 1) * HANDLE_BYTES)).toString("base64url");
}

function viewsOf(bytes: Uint8Array, header: BatchHeader, layout: BatchLayout): Batch {
  requireLittleEndian();
  if (bytes.byteOffset % 8 !== 0) throw new RangeError("a batch must start at a multiple of 8 in its buffer");
  if (bytes.length < layout.byteLength)
    throw new LinkageError("batch-truncated", `${bytes.length} bytes of ${layout.byteLength}`);
  const words = (at: number, cells: number): Uint32Array => new Uint32Array(bytes.buffer, bytes.byteOffset + at, cells);
  return {
    header,
    rowCount: layout.rowCount,
    handles: bytes.subarray(layout.handlesAt, layout.classesAt),
    classes: bytes.subarray(layout.classesAt, layout.classesAt + layout.rowCount),
    columns: layout.columns.map(({ cells, upperAt, lowerAt, rowAt }) => ({
      upper: words(upperAt, cells),
      lower: words(lowerAt, cells),
      row: words(rowAt, cells),
    })),
  };
}
