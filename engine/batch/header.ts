/**
 * The header of a batch: what the batch is for, as canonical JSON (RFC 8785). docs/spec/batch.md
 */
import { z } from "zod";
import { canonicalBytes } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import { Bytes16, Bytes32 } from "../round/binary.ts";
import { SIZE_CLASSES } from "./size-class.ts";
import { PartyId, RoundId } from "#engine/round/ids.ts";

/** Longest header, bytes. */
export const MAX_HEADER_BYTES = 4096;
/** ASCII `AQBATCH1`. */
export const MAGIC = new TextEncoder().encode("AQBATCH1");
/** Magic and header length. */
export const PREFIX_BYTES = 12;

export const BatchHeader = z.strictObject({
  format: z.literal("aquila/batch/v1"),
  from: PartyId,
  /** Public name of the pairing's K_tag. */
  keyId: Bytes16,
  /** The profile's digest. */
  profile: Bytes32,
  /** Root of the rows' salted provenance commitments; engine/merkle.ts. */
  provenanceRoot: Bytes32,
  round: RoundId,
  /** Rows, padding included; a size class. */
  rowCount: z
    .int()
    .min(Math.min(...SIZE_CLASSES))
    .max(Math.max(...SIZE_CLASSES)),
  t1: Bytes32,
  to: PartyId,
});
export type BatchHeader = z.infer<typeof BatchHeader>;

/** A header as found in a batch, with its length in bytes, padding left out. */
type FoundHeader = { readonly header: BatchHeader; readonly headerBytes: number };

/**
 * Reads magic, header length, header and the zero bytes after it.
 *
 * @param bytes - A batch, or at least its first bytes.
 * @throws {@link LinkageError} `batch-malformed`, or `batch-truncated` when the bytes end before the header's padding does.
 */
export function readHeader(bytes: Uint8Array): FoundHeader {
  if (MAGIC.some((byte, at) => at < bytes.length && bytes[at] !== byte))
    throw new LinkageError("batch-malformed", "the magic is not AQBATCH1");
  if (bytes.length < PREFIX_BYTES) throw new LinkageError("batch-truncated", "the bytes end before the header");
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  if (headerBytes === 0 || headerBytes > MAX_HEADER_BYTES)
    throw new LinkageError("batch-malformed", `header length is not 1 to ${MAX_HEADER_BYTES} bytes`);
  const end = PREFIX_BYTES + headerBytes;
  const paddedEnd = roundUp8(end);
  if (bytes.length < paddedEnd) throw new LinkageError("batch-truncated", "the bytes end inside the header");
  // A copy: text decoders refuse views on shared memory.
  const header = parseHeader(bytes.slice(PREFIX_BYTES, end));
  if (bytes.subarray(end, paddedEnd).some((byte) => byte !== 0))
    throw new LinkageError("batch-malformed", "the padding after the header is not zero");
  return { header, headerBytes };
}

/** @returns The smallest multiple of 8 that is at least `offset`. */
export function roundUp8(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}

function parseHeader(bytes: Uint8Array<ArrayBuffer>): BatchHeader {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    // Without its cause: the parser's message quotes the text.
    throw new LinkageError("batch-malformed", "the header is not JSON in UTF-8");
  }
  const parsed = BatchHeader.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const member = issue?.path[0];
    throw new LinkageError(
      "batch-malformed",
      member === undefined ? "the header has an unknown member or is no object" : `header member ${String(member)}`,
    );
  }
  const canonical = canonicalBytes(parsed.data);
  if (canonical.length !== bytes.length || canonical.some((byte, at) => byte !== bytes[at]))
    throw new LinkageError("batch-malformed", "the header is not canonical JSON (RFC 8785)");
  return parsed.data;
}
