/**
 * Where everything in a batch lies. docs/spec/batch.md, "Layout"
 */
import { canonicalBytes } from "../canonical-json.ts";
import { slotCount, type Profile } from "../profile.ts";
import { PREFIX_BYTES, roundUp8, type BatchHeader } from "./header.ts";

/** A batch travels in chunks of this many bytes; the last may be shorter. */
export const CHUNK_BYTES = 4_194_304;
export const HANDLE_BYTES = 16;
/** Upper half, lower half and row number. */
const CELL_BYTES = 12;

/** Byte offsets of one rule's column from the start of the batch; multiples of 4. */
export type ColumnLayout = {
  /** The rule's index in the profile. */
  readonly rule: number;
  /** Row count times slots. */
  readonly cells: number;
  readonly upperAt: number;
  readonly lowerAt: number;
  readonly rowAt: number;
};

/** Byte offsets from the start of the batch. */
export type BatchLayout = {
  readonly rowCount: number;
  readonly handlesAt: number;
  readonly classesAt: number;
  /** One for each rule, profile order. */
  readonly columns: readonly ColumnLayout[];
  /** Of the whole batch. */
  readonly byteLength: number;
};

/** @returns Where a batch under this profile with this header has its parts. */
export function batchLayout(profile: Profile, header: BatchHeader): BatchLayout {
  const { rowCount } = header;
  const handlesAt = roundUp8(PREFIX_BYTES + canonicalBytes(header).length);
  const classesAt = handlesAt + HANDLE_BYTES * rowCount;
  const columnsAt = roundUp8(classesAt + rowCount);
  let at = columnsAt;
  const columns = profile.rules.map(({ slots }, rule) => {
    const cells = rowCount * slots;
    const column = { rule, cells, upperAt: at, lowerAt: at + 4 * cells, rowAt: at + 8 * cells };
    at += CELL_BYTES * cells;
    return column;
  });
  return { rowCount, handlesAt, classesAt, columns, byteLength: at };
}

/** @returns Bytes of a batch of `rowCount` rows whose header takes `headerBytes`. */
export function batchByteLength(profile: Profile, rowCount: number, headerBytes: number): number {
  const handlesAt = roundUp8(PREFIX_BYTES + headerBytes);
  return roundUp8(handlesAt + (HANDLE_BYTES + 1) * rowCount) + CELL_BYTES * rowCount * slotCount(profile);
}

/**
 * The format is little-endian and its columns are typed-array views, so the host must be little-endian too.
 *
 * @throws RangeError on a big-endian host.
 */
export function requireLittleEndian(): void {
  if (new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1)
    throw new RangeError("batches can be read and written on little-endian hosts only");
}
