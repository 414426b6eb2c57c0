/**
 * Batches as they come in: chunk by chunk, then closed by a manifest and read as a whole.
 * A batch that is refused leaves nothing behind.
 */
import { join } from "node:path";
import type { Readable } from "node:stream";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { checkManifest, MANIFEST_LABEL, type SignedManifest } from "#engine/batch/manifest.ts";
import type { ExpectedBatch } from "#engine/batch/check.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { profileDigest } from "#engine/profile.ts";
import { expectedRowCount } from "#engine/round/descriptor.ts";
import { verifyMessage } from "#engine/round/identity.ts";
import type { BatchStatus } from "#engine/round/messages.ts";
import { partyOf } from "#engine/round/roster.ts";
import { requireState } from "#engine/round/states.ts";
import { readBody } from "./body.ts";
import type { Caller } from "./caller.ts";
import { bytesToCome, longestBatch, requireSpace } from "./disk-space.ts";
import { chunkContext, deleteFiles, freshFileName } from "./encrypted-file.ts";
import { faultOf } from "./log.ts";
import { storedBytes } from "./plan.ts";
import { dataKeyOf, pairingOf, recordAct, requireBefore, requirePairing, requireRound, type Round } from "./rounds.ts";
import { folderOf, type Secretariat } from "./secretariat.ts";
import { listConfirmations } from "./store/keys.ts";
import { otherBody } from "./signature.ts";
import { oncePossible, storageFailure } from "./storage-failure.ts";
import { findPairing } from "./store/pairings.ts";
import type { Store } from "./store/tables.ts";
import {
  completeUpload,
  countOpenUploads,
  deleteChunks,
  deleteUpload,
  findChunk,
  findUpload,
  insertUpload,
  listChunks,
  moveUpload,
  replaceChunk,
  type ChunkRow,
  type Direction,
} from "./store/uploads.ts";
import { batchState } from "./view.ts";
import type { StoredBatch } from "./workers/tasks.ts";

/** Of one party, in all rounds: enough for two rounds of every party at once. */
const MAX_OPEN_UPLOADS = 62;

/** A chunk as it comes. */
type Chunk = {
  readonly index: number;
  /** Not yet read. */
  readonly body: Readable;
  /** SHA-256 that the signer names, base64url. */
  readonly digest: string;
};

/**
 * Reads a chunk and stores it on disk before it returns; one that is refused by its place, or for want of space, is not read.
 * The same chunk again changes nothing; another one takes its place until the manifest is in.
 *
 * @throws {@link LinkageError} `round-unknown`, `pairing-unknown`, `round-state`, `batch-duplicate`, `limit-reached`; `chunk-invalid` if it
 * is empty or past the end of any batch of this size, `request-signature` if it is not the one that was signed,
 * `request-too-large`, `request-invalid` if it is cut off, `storage-failed` if the disk has no room for the whole batch.
 */
export async function storeChunk(
  secretariat: Secretariat,
  direction: Direction,
  caller: Caller,
  chunk: Chunk,
): Promise<void> {
  const { store } = secretariat;
  const round = await requireSubmission(store, direction, caller);
  requireBefore(round, "submission", secretariat.clock);
  requirePlace(secretariat, round, direction, chunk.index);
  if ((await findChunk(store, direction, chunk.index))?.digest === chunk.digest) return;
  await requireRoom(secretariat, store, round, direction);

  const dataKey = await dataKeyOf(secretariat, round);
  const folder = folderOf(secretariat, round.id);
  const file = freshFileName();
  const context = chunkContext({ ...direction, index: chunk.index, path: file });
  let replaced: ChunkRow | null;
  try {
    const byteLength = await secretariat.lendChunkMemory(async (memory) => {
      const bytes = await readBody(chunk.body, memory);
      if (bytes.length === 0) throw new LinkageError("chunk-invalid", "the chunk is empty");
      const { digest, refusal } = await secretariat.pool.storeChunk({ bytes, folder, file, dataKey, context });
      if (refusal !== null) throw new LinkageError(refusal.code, refusal.detail);
      if (digest !== chunk.digest) throw otherBody();
      return bytes.length;
    });
    replaced = await store.transaction().execute(async (transaction) => {
      // The round may have moved on while the file was written.
      await requireSubmission(transaction, direction, caller);
      await requireRoom(secretariat, transaction, round, direction);
      await insertUpload(transaction, direction);
      const before = await findChunk(transaction, direction, chunk.index);
      await replaceChunk(transaction, {
        round: round.id,
        sender: direction.from,
        recipient: direction.to,
        position: chunk.index,
        file,
        digest: chunk.digest,
        byte_length: byteLength,
      });
      return before;
    });
  } catch (error) {
    await deleteFiles(folder, [file]);
    throw error;
  }
  if (replaced !== null) await deleteFiles(folder, [replaced.file]);
}

/**
 * Closes an upload: holds what is stored against the signed manifest and has a worker read the batch.
 *
 * @throws {@link LinkageError} `round-unknown`, `pairing-unknown`, `round-state`, `batch-duplicate`, `request-signature`;
 * `chunk-invalid` if a chunk is not stored (the others stay); else a `batch-…` code, and nothing of the batch is kept.
 */
export async function closeUpload(
  secretariat: Secretariat,
  direction: Direction,
  caller: Caller,
  { manifest, signature }: SignedManifest,
): Promise<void> {
  const { store } = secretariat;
  const round = await requireSubmission(store, direction, caller);
  requireBefore(round, "submission", secretariat.clock);
  if (manifest.round !== round.id) throw new LinkageError("batch-round-mismatch", "the manifest is for another round");
  if (manifest.from !== direction.from || manifest.to !== direction.to)
    throw new LinkageError("batch-pairing-mismatch", "the manifest is for another pairing");
  const { signKey } = partyOf(secretariat.roster, direction.from);
  if (!verifyMessage(signKey, MANIFEST_LABEL, canonicalBytes(manifest), signature))
    throw new LinkageError("request-signature", "the manifest is not signed by its sender");

  const dataKey = await dataKeyOf(secretariat, round);
  const chunks = await beginCheck(secretariat, direction, manifest.chunkDigests.length);
  const stored = storedBatch(folderOf(secretariat, round.id), dataKey, direction, chunks);
  try {
    const expected = await expectedBatch(secretariat, round, direction);
    const { digest, refusal } = await secretariat.pool.checkBatch({ stored, expected });
    if (refusal?.code === "storage-failed") throw new LinkageError(refusal.code, refusal.detail);
    const chunkDigests = chunks.map((chunk) => chunk.digest);
    checkManifest(manifest, { byteLength: stored.byteLength, chunkDigests, digest });
    if (refusal !== null) throw new LinkageError(refusal.code, refusal.detail);
    await store.transaction().execute(async (transaction) => {
      // The round may have been erased while the batch was read.
      const { state } = await requireRound(transaction, round.id, caller);
      requireState(state, ["submitting"]);
      const batch = { digest, byteLength: stored.byteLength, signature };
      if (!(await completeUpload(transaction, direction, batch)))
        throw new LinkageError("round-state", "the pairing was left out while its batch was read");
      await recordAct(
        transaction,
        secretariat,
        round.id,
        caller,
        "batch-stored",
        `${direction.from}-${direction.to} ${digest}`,
      );
    });
  } catch (error) {
    const isRefused = error instanceof LinkageError && error.code !== "storage-failed";
    await letGo(secretariat, () =>
      isRefused ? dropUpload(secretariat, direction, chunks) : moveUpload(store, direction, "checking", "partial"),
    );
    throw error;
  }
}

/**
 * Takes a party's batch back, whole or partial, so that it can send another.
 *
 * @throws {@link LinkageError} `round-unknown`, `pairing-unknown`, `round-state`, `round-deadline`; `batch-duplicate` while
 * it is being read.
 */
export async function recallBatch(secretariat: Secretariat, direction: Direction, caller: Caller): Promise<void> {
  const { store } = secretariat;
  const files = await store.transaction().execute(async (transaction) => {
    const round = await requireRound(transaction, direction.round, caller);
    requirePairing(round.descriptor, direction.from, direction.to);
    requireState(round.state, ["submitting"]);
    requireBefore(round, "submission", secretariat.clock);
    const upload = await findUpload(transaction, direction);
    if (upload === null) return [];
    if (upload.state === "checking") throw new LinkageError("batch-duplicate", "this batch is being read");
    const chunks = await listChunks(transaction, direction);
    await deleteChunks(transaction, direction);
    await deleteUpload(transaction, direction);
    await recordAct(transaction, secretariat, round.id, caller, "batch-recalled", `${direction.from}-${direction.to}`);
    return chunks.map(({ file }) => file);
  });
  await deleteFiles(folderOf(secretariat, direction.round), files);
}

/** @throws {@link LinkageError} `round-unknown`, `pairing-unknown`. */
export async function statusOf({ store }: Secretariat, direction: Direction, caller: Caller): Promise<BatchStatus> {
  const round = await requireRound(store, direction.round, caller);
  requirePairing(round.descriptor, direction.from, direction.to);
  const upload = await findUpload(store, direction);
  const chunks = await listChunks(store, direction);
  const byPosition = new Map(chunks.map((chunk) => [chunk.position, chunk.digest]));
  const length = (chunks.at(-1)?.position ?? -1) + 1;
  return {
    state: batchState(upload),
    chunkDigests: Array.from({ length }, (_, position) => byPosition.get(position) ?? null),
    digest: upload?.digest ?? null,
  };
}

/**
 * @param folder - The round's.
 * @param chunks - All chunks of the batch in order.
 */
export function storedBatch(
  folder: string,
  dataKey: Uint8Array,
  { round, from, to }: Direction,
  chunks: readonly ChunkRow[],
): StoredBatch {
  return {
    round,
    from,
    to,
    paths: chunks.map((chunk) => join(folder, chunk.file)),
    byteLength: chunks.reduce((sum, chunk) => sum + chunk.byte_length, 0),
    dataKey,
  };
}

/** @throws {@link LinkageError} `round-unknown`, `pairing-unknown`, `round-state`, `batch-duplicate`. */
async function requireSubmission(store: Store, direction: Direction, caller: Caller): Promise<Round> {
  const round = await requireRound(store, direction.round, caller);
  requirePairing(round.descriptor, direction.from, direction.to);
  requireState(round.state, ["submitting"]);
  const pairing = await findPairing(store, round.id, pairingOf(direction.from, direction.to));
  if (pairing?.state !== "admitted")
    throw new LinkageError("round-state", "a party of this pairing has withdrawn: the pairing is left out");
  const upload = await findUpload(store, direction);
  if (upload?.state === "complete") throw new LinkageError("batch-duplicate", "this batch is already in");
  if (upload?.state === "checking") throw new LinkageError("batch-duplicate", "this batch is being read");
  return round;
}

/**
 * @throws {@link LinkageError} `limit-reached` if this would be one upload more than its sender may have open;
 * `storage-failed` unless the disk has room for all of it, beside what is still to come of others that have begun.
 */
async function requireRoom(secretariat: Secretariat, store: Store, round: Round, direction: Direction): Promise<void> {
  const { roundsFolder } = secretariat;
  if ((await findUpload(store, direction)) !== null) return requireSpace(roundsFolder);
  if ((await countOpenUploads(store, direction.from)) >= MAX_OPEN_UPLOADS)
    throw new LinkageError(
      "limit-reached",
      `${direction.from} has ${MAX_OPEN_UPLOADS} uploads open; complete or take back one`,
    );
  const ownBytes = storedBytes(longestBatch(secretariat, round, direction.from));
  await requireSpace(roundsFolder, (await bytesToCome(store, secretariat)) + ownBytes);
}

function requirePlace(secretariat: Secretariat, round: Round, { from }: Direction, index: number): void {
  if (index * CHUNK_BYTES >= longestBatch(secretariat, round, from))
    throw new LinkageError("chunk-invalid", `no batch of this size has a chunk ${index}`);
}

/** Takes the upload out of reach of further chunks. @returns Its chunks, all there and of full length but the last. */
async function beginCheck({ store }: Secretariat, direction: Direction, wanted: number): Promise<ChunkRow[]> {
  return store.transaction().execute(async (transaction) => {
    const chunks = await listChunks(transaction, direction);
    const gap = chunks.findIndex((chunk, index) => chunk.position !== index);
    const absent = gap === -1 ? chunks.length : gap;
    if (absent < wanted || gap !== -1) throw new LinkageError("chunk-invalid", `chunk ${absent} is not stored`);
    const short = chunks.slice(0, -1).find((chunk) => chunk.byte_length !== CHUNK_BYTES);
    if (short !== undefined)
      throw new LinkageError("chunk-invalid", `chunk ${short.position} is short and is not the last`);
    if (!(await moveUpload(transaction, direction, "partial", "checking")))
      throw new LinkageError("batch-duplicate", "this batch is being read");
    return chunks;
  });
}

/** What the round says that the batch of this direction must be for. */
export async function expectedBatch(
  { store, profile }: Pick<Secretariat, "store" | "profile">,
  { id, t1, descriptor }: Round,
  { from, to }: Direction,
): Promise<ExpectedBatch> {
  const confirmation = (await listConfirmations(store, id)).find((one) => one.from === from && one.to === to);
  if (t1 === null || confirmation === undefined) throw new RangeError("a round takes batches without its keys");
  const rowCount = expectedRowCount(descriptor, from);
  return { round: id, t1, from, to, profile: profileDigest(profile), keyId: confirmation.keyId, rowCount };
}

/** Takes an upload out of the check; later, when storage does not let it be done now. */
async function letGo({ jobs, log, stopping }: Secretariat, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (storageFailure(error) === null) throw error;
    const job = oncePossible(act, stopping)
      .then(() => undefined)
      .catch((failure: unknown) => {
        log.error({ fault: faultOf(failure) }, "an upload stays in its check until the next start");
      })
      .finally(() => jobs.delete(job));
    jobs.add(job);
  }
}

async function dropUpload(secretariat: Secretariat, direction: Direction, chunks: readonly ChunkRow[]): Promise<void> {
  await secretariat.store.transaction().execute(async (store) => {
    await deleteChunks(store, direction);
    await deleteUpload(store, direction);
  });
  await deleteFiles(
    folderOf(secretariat, direction.round),
    chunks.map((chunk) => chunk.file),
  );
}
