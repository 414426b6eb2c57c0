/**
 * The writer of batches.
 * In: a header, rows and one key column for each rule. Out: the bytes, piece by piece, so that a batch never has to be
 * whole in memory.
 */
import { canonicalBytes } from "../canonical-json.ts";
import type { Profile } from "../profile.ts";
import type { KeyColumn } from "./column.ts";
import { BatchHeader, MAGIC, PREFIX_BYTES, roundUp8 } from "./header.ts";
import { batchLayout, HANDLE_BYTES, requireLittleEndian, type ColumnLayout } from "./layout.ts";

/** What a batch holds of its rows besides keys: 16 bytes of handle and one byte of coverage class for each. */
export type BatchRowsOut = { readonly handles: Uint8Array; readonly classes: Uint8Array };

/**
 * Yields a batch's bytes in order. Pieces of columns are views on the arrays given: consume a piece before its column is
 * changed. Keys are not checked here; {@link readBatch} checks them.
 *
 * @param columns - One for each rule, profile order; taken one at a time.
 * @throws RangeError if the header or the length of an array does not fit.
 */
export function* writeBatch(
  profile: Profile,
  header: BatchHeader,
  rows: BatchRowsOut,
  columns: Iterable<KeyColumn>,
): Generator<Uint8Array> {
  requireLittleEndian();
  if (!BatchHeader.safeParse(header).success) throw new RangeError("writeBatch: the header is not valid");
  const layout = batchLayout(profile, header);
  requireLength("handles", rows.handles, HANDLE_BYTES * layout.rowCount);
  requireLength("classes", rows.classes, layout.rowCount);

  yield headerPiece(header);
  yield rows.handles;
  yield rows.classes;
  const classesEnd = layout.classesAt + layout.rowCount;
  if (classesEnd % 8 !== 0) yield new Uint8Array(roundUp8(classesEnd) - classesEnd);

  let written = 0;
  for (const column of columns) {
    const expected = layout.columns[written];
    if (expected === undefined) throw new RangeError("writeBatch: more columns than rules");
    yield* columnPieces(column, expected);
    written++;
  }
  if (written !== layout.columns.length)
    throw new RangeError(`writeBatch: ${written} columns for ${layout.columns.length} rules`);
}

/** Magic, length, header and padding. */
function headerPiece(header: BatchHeader): Uint8Array {
  const json = canonicalBytes(header);
  const piece = new Uint8Array(roundUp8(PREFIX_BYTES + json.length));
  piece.set(MAGIC);
  new DataView(piece.buffer).setUint32(MAGIC.length, json.length, true);
  piece.set(json, PREFIX_BYTES);
  return piece;
}

function* columnPieces(column: KeyColumn, { rule, cells }: ColumnLayout): Generator<Uint8Array> {
  for (const part of [column.upper, column.lower, column.row]) {
    requireLength(`column ${rule}`, part, cells);
    yield new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  }
}

function requireLength(what: string, found: { readonly length: number }, wanted: number): void {
  if (found.length !== wanted) throw new RangeError(`writeBatch: ${what} has ${found.length} entries, not ${wanted}`);
}
