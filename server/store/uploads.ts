/**
 * Statements on uploads and their chunks.
 */
import { sql, type Selectable } from "kysely";
import { queryBy, type Store, type Tables, type UploadState } from "./tables.ts";

export type UploadRow = Selectable<Tables["uploads"]>;
export type ChunkRow = Selectable<Tables["chunks"]>;

/** One batch of a round: what `from` sends for `to`. */
export type Direction = { readonly round: string; readonly from: string; readonly to: string };

/** Begins an upload unless it has begun. */
export async function insertUpload(store: Store, { round, from, to }: Direction): Promise<void> {
  await store
    .insertInto("uploads")
    .values({
      round,
      sender: from,
      recipient: to,
      state: "partial",
      digest: null,
      byte_length: null,
      manifest_signature: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** @returns Null if no chunk was ever stored. */
export async function findUpload(store: Store, { round, from, to }: Direction): Promise<UploadRow | null> {
  const row = await store
    .selectFrom("uploads")
    .selectAll()
    .where("round", "=", round)
    .where("sender", "=", from)
    .where("recipient", "=", to)
    .executeTakeFirst();
  return row ?? null;
}

/** @returns In order of sender, then recipient. */
export const listUploads = queryBy<UploadRow>((store, round) =>
  store.selectFrom("uploads").selectAll().where("round", "=", round).orderBy("sender").orderBy("recipient"),
);

/** @returns Number of batches that a party has begun and not completed, in rounds that still take them. */
export async function countOpenUploads(store: Store, party: string): Promise<number> {
  const { count } = await store
    .selectFrom("uploads")
    .innerJoin("rounds", "rounds.id", "uploads.round")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("uploads.sender", "=", party)
    .where("uploads.state", "<>", "complete")
    .where("rounds.state", "=", "submitting")
    .executeTakeFirstOrThrow();
  return count;
}

/** @returns Every batch that is begun and not complete, in rounds that still take them, with the bytes of its stored chunks. */
export async function listOpenUploads(store: Store): Promise<{ round: string; sender: string; bytesIn: number }[]> {
  return store
    .selectFrom("uploads")
    .innerJoin("rounds", "rounds.id", "uploads.round")
    .leftJoin("chunks", (join) =>
      join
        .onRef("chunks.round", "=", "uploads.round")
        .onRef("chunks.sender", "=", "uploads.sender")
        .onRef("chunks.recipient", "=", "uploads.recipient"),
    )
    .select(["uploads.round", "uploads.sender"])
    .select(({ fn }) => fn.coalesce(fn.sum<number>("chunks.byte_length"), sql<number>`0`).as("bytesIn"))
    .where("uploads.state", "<>", "complete")
    .where("rounds.state", "=", "submitting")
    .groupBy(["uploads.round", "uploads.sender", "uploads.recipient"])
    .execute();
}

/** @returns Whether the upload was in `from` and now is in `to`. */
export async function moveUpload(
  store: Store,
  direction: Direction,
  from: UploadState,
  to: UploadState,
): Promise<boolean> {
  const { numUpdatedRows } = await store
    .updateTable("uploads")
    .set({ state: to })
    .where("round", "=", direction.round)
    .where("sender", "=", direction.from)
    .where("recipient", "=", direction.to)
    .where("state", "=", from)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Moves every upload that is in `from`. */
export async function moveAllUploads(store: Store, from: UploadState, to: UploadState): Promise<void> {
  await store.updateTable("uploads").set({ state: to }).where("state", "=", from).execute();
}

/** @returns Whether the upload was being checked and now is complete. */
export async function completeUpload(
  store: Store,
  direction: Direction,
  batch: { readonly digest: string; readonly byteLength: number; readonly signature: string },
): Promise<boolean> {
  const { numUpdatedRows } = await store
    .updateTable("uploads")
    .set({
      state: "complete",
      digest: batch.digest,
      byte_length: batch.byteLength,
      manifest_signature: batch.signature,
    })
    .where("round", "=", direction.round)
    .where("sender", "=", direction.from)
    .where("recipient", "=", direction.to)
    .where("state", "=", "checking")
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function deleteUpload(store: Store, { round, from, to }: Direction): Promise<void> {
  await store
    .deleteFrom("uploads")
    .where("round", "=", round)
    .where("sender", "=", from)
    .where("recipient", "=", to)
    .execute();
}

/** Stores a chunk in the place of any earlier one at its position. */
export async function replaceChunk(store: Store, row: ChunkRow): Promise<void> {
  await store
    .insertInto("chunks")
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(["round", "sender", "recipient", "position"])
        .doUpdateSet({ file: row.file, digest: row.digest, byte_length: row.byte_length }),
    )
    .execute();
}

/** @returns Null if that chunk is not stored. */
export async function findChunk(store: Store, direction: Direction, position: number): Promise<ChunkRow | null> {
  const row = await store
    .selectFrom("chunks")
    .selectAll()
    .where("round", "=", direction.round)
    .where("sender", "=", direction.from)
    .where("recipient", "=", direction.to)
    .where("position", "=", position)
    .executeTakeFirst();
  return row ?? null;
}

/** @returns All chunks of a round. */
export async function listRoundChunks(store: Store, round: string): Promise<ChunkRow[]> {
  return store.selectFrom("chunks").selectAll().where("round", "=", round).execute();
}

/** @returns In order of position. */
export async function listChunks(store: Store, { round, from, to }: Direction): Promise<ChunkRow[]> {
  return store
    .selectFrom("chunks")
    .selectAll()
    .where("round", "=", round)
    .where("sender", "=", from)
    .where("recipient", "=", to)
    .orderBy("position")
    .execute();
}

/** @returns Number of stored chunks of each upload of a round that has any. */
export const countChunks = queryBy<{ sender: string; recipient: string; count: number }>((store, round) =>
  store
    .selectFrom("chunks")
    .select(["sender", "recipient", ({ fn }) => fn.countAll<number>().as("count")])
    .where("round", "=", round)
    .groupBy(["sender", "recipient"]),
);

export async function deleteChunks(store: Store, { round, from, to }: Direction): Promise<void> {
  await store
    .deleteFrom("chunks")
    .where("round", "=", round)
    .where("sender", "=", from)
    .where("recipient", "=", to)
    .execute();
}

export async function deleteRoundChunks(store: Store, round: string): Promise<void> {
  await store.deleteFrom("chunks").where("round", "=", round).execute();
}

/** @returns File names of a round's chunks. */
export async function listChunkFiles(store: Store, round: string): Promise<string[]> {
  const rows = await store.selectFrom("chunks").select("file").where("round", "=", round).execute();
  return rows.map((row) => row.file);
}
