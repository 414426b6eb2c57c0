/**
 * Rows of a batch as it was submitted, read from its bytes and not from what the vault noted beside it.
 * docs/spec/batch.md, "Layout"; a column at a time is in memory.
 */
import { createHash, type Hash } from "node:crypto";
import { readHeader, type BatchHeader } from "#engine/batch/header.ts";
import { batchLayout, HANDLE_BYTES, requireLittleEndian } from "#engine/batch/layout.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Profile } from "#engine/profile.ts";

export type SubmittedRow = {
  /** base64url. */
  readonly handle: string;
  /** Upper halves of the row's keys, fillers among them, by rule. */
  readonly uppers: readonly ReadonlySet<number>[];
};

export type SubmittedRows = {
  readonly header: BatchHeader;
  /** SHA-256 of the whole batch, base64url. */
  readonly digest: string;
  readonly rows: ReadonlyMap<number, SubmittedRow>;
};

/**
 * @param pieces - The batch, cut anywhere but within its header.
 * @param wanted - Row numbers.
 * @throws {@link LinkageError} `batch-malformed`, or `batch-truncated` if the bytes end before the batch does.
 */
export function readSubmittedRows(
  pieces: Iterable<Uint8Array>,
  profile: Profile,
  wanted: ReadonlySet<number>,
): SubmittedRows {
  requireLittleEndian();
  const hash = createHash("sha256");
  const source = hashed(pieces, hash);
  const next = (): Uint8Array | null => source.next().value ?? null;
  let rest = next() ?? new Uint8Array();
  const take = (byteLength: number): Uint8Array<ArrayBuffer> => {
    const taken = new Uint8Array(byteLength);
    for (let filled = 0; filled < byteLength;) {
      if (rest.length === 0) {
        const piece = next();
        if (piece === null) throw new LinkageError("batch-truncated", "the batch ends before its last column");
        rest = piece;
      }
      const part = rest.subarray(0, byteLength - filled);
      taken.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
    }
    return taken;
  };

  const { header } = readHeader(rest);
  const { handlesAt, classesAt, columns, rowCount } = batchLayout(profile, header);
  take(handlesAt);
  const handles = Buffer.from(take(HANDLE_BYTES * rowCount).buffer);
  take((columns[0]?.upperAt ?? classesAt) - classesAt);
  const rows = new Map(
    [...wanted].map((row) => {
      const handle = handles.toString("base64url", row * HANDLE_BYTES, (row + 1) * HANDLE_BYTES);
      return [row, { handle, uppers: columns.map(() => new Set<number>()) }] as const;
    }),
  );
  for (const { rule, cells } of columns) {
    const uppers = new Uint32Array(take(4 * cells).buffer);
    take(4 * cells);
    new Uint32Array(take(4 * cells).buffer).forEach((row, at) => rows.get(row)?.uppers[rule]?.add(uppers[at] ?? 0));
  }
  if (rest.length > 0 || next() !== null) throw new LinkageError("batch-malformed", "bytes follow the last column");
  return { header, digest: hash.digest("base64url"), rows };
}

function* hashed(pieces: Iterable<Uint8Array>, hash: Hash): Generator<Uint8Array, undefined> {
  for (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}
