/**
 * The manifest that closes an upload: digests of a batch and of its chunks, signed by the sender. docs/spec/batch.md
 */
import { z } from "zod";
import { canonicalBytes } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import { Bytes32, Bytes64, labelled } from "../round/binary.ts";
import type { BatchHeader } from "./header.ts";
import { CHUNK_BYTES } from "./layout.ts";
import { PartyId, RoundId } from "#engine/round/ids.ts";

/** Label of the sender's signature; see {@link manifestMessage}. */
export const MANIFEST_LABEL = "aquila/v1/manifest";
/** Chunks of one batch. */
export const MAX_CHUNKS = 100_000;

export const Manifest = z
  .strictObject({
    byteLength: z
      .int()
      .min(1)
      .max(MAX_CHUNKS * CHUNK_BYTES),
    /** SHA-256 of each chunk, in order. */
    chunkDigests: z.array(Bytes32).min(1).max(MAX_CHUNKS),
    /** SHA-256 of the whole batch. */
    digest: Bytes32,
    format: z.literal("aquila/manifest/v1"),
    from: PartyId,
    round: RoundId,
    to: PartyId,
  })
  .refine(({ byteLength, chunkDigests }) => chunkDigests.length === Math.ceil(byteLength / CHUNK_BYTES), {
    path: ["chunkDigests"],
    message: "one digest for each chunk of 4 MiB",
  });
export type Manifest = z.infer<typeof Manifest>;

export const SignedManifest = z.strictObject({
  manifest: Manifest,
  /** Ed25519 over {@link manifestMessage}, 64 bytes, base64url. */
  signature: Bytes64,
});
export type SignedManifest = z.infer<typeof SignedManifest>;

/** What is stored of an upload; digests as in {@link Manifest}. */
type StoredUpload = Pick<Manifest, "byteLength" | "chunkDigests" | "digest">;

/** @returns The manifest of the batch with this header. */
export function manifestOf(
  header: BatchHeader,
  chunkDigests: readonly string[],
  digest: string,
  byteLength: number,
): Manifest {
  const { from, round, to } = header;
  return { byteLength, chunkDigests: [...chunkDigests], digest, format: "aquila/manifest/v1", from, round, to };
}

/**
 * @returns The bytes that Ed25519 signs, label included: {@link MANIFEST_LABEL} ‖ 0x00 ‖ canonical JSON. `signMessage` of
 *   engine/round adds the label itself: give it {@link MANIFEST_LABEL} and the manifest's canonical JSON.
 */
export function manifestMessage(manifest: Manifest): Uint8Array {
  return labelled(MANIFEST_LABEL, canonicalBytes(manifest));
}

/** @throws {@link LinkageError} `batch-digest-mismatch` unless what is stored is what the manifest says. */
export function checkManifest(manifest: Manifest, stored: StoredUpload): void {
  if (manifest.byteLength !== stored.byteLength)
    throw new LinkageError(
      "batch-digest-mismatch",
      `${stored.byteLength} bytes; the manifest says ${manifest.byteLength}`,
    );
  if (manifest.chunkDigests.length !== stored.chunkDigests.length)
    throw new LinkageError("batch-digest-mismatch", "the manifest names another number of chunks");
  const other = manifest.chunkDigests.findIndex((digest, index) => digest !== stored.chunkDigests[index]);
  if (other !== -1) throw new LinkageError("batch-digest-mismatch", `chunk ${other} has another digest`);
  if (manifest.digest !== stored.digest)
    throw new LinkageError("batch-digest-mismatch", "the batch has another digest");
}
