/**
 * The reader of batches: refuses what the format does not allow, in the order of docs/spec/batch.md, "Decoders MUST".
 * In: bytes as they came. Out: the batch as views on them.
 */
import { LinkageError, type ProblemCode } from "../errors.ts";
import { MIN_CLASS_ROWS, type Profile } from "../profile.ts";
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

/** What a batch must be for. */
export type ExpectedBatch = {
  readonly round: string;
  readonly t1: string;
  readonly from: string;
  readonly to: string;
  /** The profile's digest. */
  readonly profile: string;
  readonly keyId: string;
  /** Size class of the size declared for the round. */
  readonly rowCount: number;
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
  const { header } = readHeader(bytes);
  checkHeader(header, expected);
  const layout = batchLayout(profile, header);
  const batch = viewsOf(bytes, header, layout);
  checkBody(bytes, layout);
  checkClasses(batch.classes, profile);
  batch.columns.forEach((column, index) => {
    const rule = profile.rules[index];
    if (rule === undefined) throw new RangeError("readBatch: a column without a rule");
    checkColumn(column, header.rowCount, rule.slots, rule.id);
  });
  return batch;
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

function checkHeader(header: BatchHeader, expected: ExpectedBatch): void {
  const checks: readonly [
    code: ProblemCode,
    members: readonly ("round" | "t1" | "from" | "to" | "profile" | "keyId")[],
  ][] = [
    ["batch-round-mismatch", ["round", "t1"]],
    ["batch-pairing-mismatch", ["from", "to"]],
    ["batch-profile-mismatch", ["profile"]],
    ["batch-key-mismatch", ["keyId"]],
  ];
  for (const [code, members] of checks) {
    const other = members.find((member) => header[member] !== expected[member]);
    if (other !== undefined) throw new LinkageError(code, `the header's ${other} is not the one expected`);
  }
  if (header.rowCount > expected.rowCount)
    throw new LinkageError("batch-too-large", `${header.rowCount} rows; ${expected.rowCount} were declared`);
  if (header.rowCount !== expected.rowCount)
    throw new LinkageError("batch-size-class", `${header.rowCount} rows; the size class is ${expected.rowCount}`);
}

/** Bytes past the end, and padding between classes and columns. */
function checkBody(bytes: Uint8Array, layout: BatchLayout): void {
  if (bytes.length > layout.byteLength)
    throw new LinkageError("batch-malformed", `${bytes.length - layout.byteLength} bytes after the last column`);
  const padding = bytes.subarray(layout.classesAt + layout.rowCount, layout.columns[0]?.upperAt);
  if (padding.some((byte) => byte !== 0))
    throw new LinkageError("batch-malformed", "the padding after the classes is not zero");
}

function checkClasses(classes: Uint8Array, profile: Profile): void {
  const rowsOfClass = new Uint32Array(256);
  for (const coverage of classes) rowsOfClass[coverage] = (rowsOfClass[coverage] as number) + 1;
  const unknown = rowsOfClass.findIndex((rows, coverage) => rows > 0 && coverage >= profile.coverageClasses.length);
  if (unknown !== -1) throw new LinkageError("batch-malformed", `class ${unknown} is not in the profile`);
  const thin = rowsOfClass.findIndex((rows) => rows > 0 && rows < MIN_CLASS_ROWS);
  if (thin !== -1)
    throw new LinkageError(
      "batch-class-thin",
      `class ${thin} has ${rowsOfClass[thin] as number} rows of ${MIN_CLASS_ROWS}`,
    );
}

function checkColumn(column: KeyColumn, rowCount: number, slots: number, ruleId: string): void {
  const unordered = firstUnordered(column.upper, column.lower);
  if (unordered !== -1)
    throw new LinkageError("batch-column-order", `rule ${ruleId}: cell ${unordered} is not larger than the one before`);

  const { row } = column;
  // A count may wrap at 256 and still prove the rule: with rowCount·slots cells in all, counts that are all `slots`
  // modulo 256 can only all be `slots`.
  const held = new Uint8Array(rowCount);
  for (let cell = 0; cell < row.length; cell++) {
    const at = row[cell] as number;
    if (at >= rowCount) throw new LinkageError("batch-row-range", `rule ${ruleId}: cell ${cell} names no row`);
    held[at] = (held[at] as number) + 1;
  }
  let wrong = 0;
  for (let at = 0; at < rowCount; at++) wrong += Number(held[at] !== slots);
  if (wrong > 0)
    throw new LinkageError("batch-row-count", `rule ${ruleId}: ${wrong} rows are not held exactly ${slots} times`);
}

/** @returns First cell whose key is not larger than the one before it, or -1. */
function firstUnordered(upper: Uint32Array, lower: Uint32Array): number {
  let previous = upper[0] as number;
  for (let cell = 1; cell < upper.length; cell++) {
    const key = upper[cell] as number;
    if (key < previous || (key === previous && (lower[cell] as number) <= (lower[cell - 1] as number))) return cell;
    previous = key;
  }
  return -1;
}
