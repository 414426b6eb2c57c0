/**
 * Uploads one batch by chunks and closes it with a signed manifest; goes on where an earlier upload stopped.
 */
import { createHash } from "node:crypto";
import { readHeader, type BatchHeader } from "#engine/batch/header.ts";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { MANIFEST_LABEL, manifestOf, type Manifest } from "#engine/batch/manifest.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { signMessage } from "#engine/round/identity.ts";
import { type Connection } from "./http.ts";
import { refusalOf } from "./transport.ts";
import { inPieces } from "./pieces.ts";
import type { Vault } from "./vault.ts";

export type UploadProgress = { readonly bytesDone: number; readonly bytesTotal: number };

export type Submission = {
  readonly counterpart: string;
  readonly digest: string;
  readonly byteLength: number;
  readonly chunksSent: number;
  /** Chunks that the server held already. */
  readonly chunksKept: number;
};

/**
 * @returns What was sent; the vault holds a receipt then.
 * @throws {@link LinkageError} `round-state` if nothing is encoded; `batch-malformed` or `batch-truncated` if it is none;
 * `batch-round-mismatch` or `batch-pairing-mismatch` if it is another one; `batch-duplicate` if the server holds another
 * batch as complete; what the server refuses.
 */
export async function submitBatch(
  connection: Pick<Connection, "batchStatus" | "putChunk" | "putManifest">,
  vault: Vault,
  round: string,
  counterpart: string,
  onProgress: (progress: UploadProgress) => void = () => undefined,
): Promise<Submission> {
  const party = vault.identity.party;
  // A vault outside sends what the one inside encoded, and that one can name the hits.
  const isCarried = vault.carriage(round)?.side === "outside";
  if (!isCarried && !vault.holdsHandleMap(round, counterpart))
    throw new LinkageError(
      "round-state",
      `no batch for ${counterpart} is encoded in round ${round}; run: aquila round encode`,
    );
  const status = await connection.batchStatus(round, party, counterpart);
  const bytesTotal = vault.batchByteLength(round, counterpart);
  const whole = createHash("sha256");
  const chunkDigests: string[] = [];
  let header: BatchHeader | null = null;
  let bytesDone = 0;
  let chunksSent = 0;
  for (const chunk of inPieces(vault.readBatch(round, counterpart), CHUNK_BYTES)) {
    header ??= checkedHeader(chunk, round, party, counterpart);
    whole.update(chunk);
    const index = chunkDigests.length;
    const digest = createHash("sha256").update(chunk).digest("base64url");
    chunkDigests.push(digest);
    if (status.state !== "complete" && status.chunkDigests[index] !== digest) {
      await connection.putChunk(round, party, counterpart, index, chunk);
      chunksSent++;
    }
    bytesDone += chunk.length;
    onProgress({ bytesDone, bytesTotal });
  }
  if (header === null) throw new LinkageError("batch-truncated", `the batch for ${counterpart} is empty`);

  const manifest = manifestOf(header, chunkDigests, whole.digest("base64url"), bytesDone);
  await closeUpload(connection, vault, manifest, status.digest);
  vault.keepReceipt(round, counterpart, { digest: manifest.digest, byteLength: bytesDone });
  return {
    counterpart,
    digest: manifest.digest,
    byteLength: bytesDone,
    chunksSent,
    chunksKept: chunkDigests.length - chunksSent,
  };
}

async function closeUpload(
  connection: Pick<Connection, "batchStatus" | "putManifest">,
  vault: Vault,
  manifest: Manifest,
  completeDigest: string | null,
): Promise<void> {
  const complete = completeDigest ?? (await sendManifest(connection, vault, manifest));
  if (complete !== manifest.digest)
    throw new LinkageError("batch-duplicate", `the server holds another batch for ${manifest.to} as complete`);
}

/** @returns Digest of the batch that the server holds as complete. */
async function sendManifest(
  connection: Pick<Connection, "batchStatus" | "putManifest">,
  vault: Vault,
  manifest: Manifest,
): Promise<string | null> {
  const { round, to, digest: ownDigest, byteLength } = manifest;
  // Before the server can take it: were its answer lost and the list encoded anew, the handles that it holds would be lost.
  vault.keepReceipt(round, to, { digest: ownDigest, byteLength });
  const signature = signMessage(vault.identity, MANIFEST_LABEL, canonicalBytes(manifest));
  try {
    return (await connection.putManifest(manifest.round, { manifest, signature })).digest;
  } catch (error) {
    // The answer to an earlier attempt may have been lost on its way; or the server is still reading the batch.
    if (!(error instanceof LinkageError) || error.code !== "batch-duplicate") {
      if (isRefused(error)) vault.dropReceipt(round, to);
      throw error;
    }
    const { state, digest } = await connection.batchStatus(manifest.round, manifest.from, manifest.to);
    if (state !== "complete") throw error;
    return digest;
  }
}

/**
 * Takes back every batch of a round, and only then gives any of them up at home: what is encoded anew is of one list.
 *
 * @returns Counterparts whose batches are taken back.
 * @throws {@link LinkageError} `round-state` if no keys are agreed, or the round is sealed; what the server refuses.
 */
export async function recallBatches(
  connection: Pick<Connection, "recallBatch">,
  vault: Vault,
  round: string,
): Promise<readonly string[]> {
  const { party } = vault.identity;
  const pairings = vault.pairings(round);
  if (pairings === null) throw new LinkageError("round-state", `this vault agreed on no keys in round ${round}`);
  if (vault.seal(round) !== null)
    throw new LinkageError("round-state", `round ${round} is sealed: its batches cannot be replaced any more`);
  const counterparts = pairings.map(({ counterpart }) => counterpart);
  for (const counterpart of counterparts) await connection.recallBatch(round, party, counterpart);
  for (const counterpart of counterparts) {
    vault.dropReceipt(round, counterpart);
    // Else what was taken back would be sent again.
    vault.prepareBatch(round, counterpart);
    vault.destroyBatch(round, counterpart);
  }
  return counterparts;
}

/** Whether the server said that it did not take the batch; a fault of its own or of the way leaves that open. */
function isRefused(error: unknown): boolean {
  const refusal = refusalOf(error);
  return refusal !== null && refusal.status < 500;
}

function checkedHeader(firstChunk: Uint8Array, round: string, party: string, counterpart: string): BatchHeader {
  const { header } = readHeader(firstChunk);
  if (header.round !== round)
    throw new LinkageError("batch-round-mismatch", `the vault's file is a batch of round ${header.round}`);
  if (header.from !== party || header.to !== counterpart)
    throw new LinkageError("batch-pairing-mismatch", `the vault's file is a batch from ${header.from} to ${header.to}`);
  return header;
}
