/**
 * Statements on rounds.
 */
import type { Selectable } from "kysely";
import { MAX_LISTED_ROUNDS } from "#engine/round/messages.ts";
import type { RoundState } from "#engine/round/states.ts";
import { queryBy, type Store, type Tables } from "./tables.ts";

export type RoundRow = Selectable<Tables["rounds"]>;

export async function insertRound(store: Store, row: RoundRow): Promise<void> {
  await store.insertInto("rounds").values(row).execute();
}

export async function insertRoundParties(store: Store, round: string, parties: readonly string[]): Promise<void> {
  await store
    .insertInto("round_parties")
    .values(parties.map((party) => ({ round, party })))
    .execute();
}

const roundsBy = queryBy((store, id) => store.selectFrom("rounds").selectAll().where("id", "=", id));

/** @returns Null if there is no such round. */
export async function findRound(store: Store, id: string): Promise<RoundRow | null> {
  return (await roundsBy(store, id))[0] ?? null;
}

/** @returns Newest first, at most {@link MAX_LISTED_ROUNDS}. */
export async function listRounds(store: Store): Promise<RoundRow[]> {
  return store
    .selectFrom("rounds")
    .selectAll()
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(MAX_LISTED_ROUNDS)
    .execute();
}

/** @returns Rounds in which `party` is, newest first, at most {@link MAX_LISTED_ROUNDS}. */
export async function listRoundsOf(store: Store, party: string): Promise<RoundRow[]> {
  return store
    .selectFrom("rounds")
    .innerJoin("round_parties", "round_parties.round", "rounds.id")
    .selectAll("rounds")
    .where("round_parties.party", "=", party)
    .orderBy("rounds.created_at", "desc")
    .orderBy("rounds.id", "desc")
    .limit(MAX_LISTED_ROUNDS)
    .execute();
}

/** @returns Whether the round was in `from` and now is in `to`. */
export async function moveRound(store: Store, id: string, from: RoundState, to: RoundState): Promise<boolean> {
  const { numUpdatedRows } = await store
    .updateTable("rounds")
    .set({ state: to })
    .where("id", "=", id)
    .where("state", "=", from)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Opens a draft. */
export async function setOpened(store: Store, id: string, at: string): Promise<void> {
  await store.updateTable("rounds").set({ state: "opened", opened_at: at }).where("id", "=", id).execute();
}

/** @param at - ISO 8601. */
export async function setMatched(store: Store, id: string, at: string): Promise<void> {
  await store.updateTable("rounds").set({ matched_at: at }).where("id", "=", id).execute();
}

/** @param since - ISO 8601, as {@link setOpened} has it. @returns Erased and aborted rounds too, oldest first. */
export async function listRoundsOpenedSince(store: Store, since: string): Promise<RoundRow[]> {
  return store.selectFrom("rounds").selectAll().where("opened_at", ">", since).orderBy("opened_at").execute();
}

/** Moves every round that is in `from`. @returns Their number. */
export async function moveAllRounds(store: Store, from: RoundState, to: RoundState): Promise<number> {
  const { numUpdatedRows } = await store
    .updateTable("rounds")
    .set({ state: to })
    .where("state", "=", from)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

export async function setTranscript(store: Store, id: string, t1: string): Promise<void> {
  await store.updateTable("rounds").set({ t1 }).where("id", "=", id).execute();
}

export async function setSealed(store: Store, id: string, t2: string): Promise<void> {
  await store.updateTable("rounds").set({ t2 }).where("id", "=", id).execute();
}

/** @param ending - JSON of an Ending. */
export async function setEnding(store: Store, id: string, ending: string): Promise<void> {
  await store.updateTable("rounds").set({ ending }).where("id", "=", id).execute();
}

/** Says that the round is erased and its data key destroyed. @param certificate - JSON. */
export async function setErased(store: Store, id: string, certificate: string): Promise<void> {
  await store.updateTable("rounds").set({ state: "erased", key_id: null, certificate }).where("id", "=", id).execute();
}

/** @returns Number of rounds that are not erased. */
export async function countLiveRounds(store: Store): Promise<number> {
  const { count } = await store
    .selectFrom("rounds")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("state", "<>", "erased")
    .executeTakeFirstOrThrow();
  return count;
}

/** @returns Ids of all rounds that are not erased, oldest first. */
export async function listLiveRounds(store: Store): Promise<string[]> {
  const rows = await store
    .selectFrom("rounds")
    .select("id")
    .where("state", "<>", "erased")
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(({ id }) => id);
}

/** @returns Every round that is not erased, with the id of its key file. */
export async function listKeyIds(store: Store): Promise<{ id: string; state: RoundState; keyId: Uint8Array }[]> {
  const rows = await store
    .selectFrom("rounds")
    .select(["id", "state", "key_id"])
    .where("key_id", "is not", null)
    .execute();
  return rows.flatMap(({ id, state, key_id: keyId }) => (keyId === null ? [] : [{ id, state, keyId }]));
}

/** @returns JSON of every erasure certificate. */
export async function listCertificates(store: Store): Promise<string[]> {
  const rows = await store.selectFrom("rounds").select("certificate").where("certificate", "is not", null).execute();
  return rows.flatMap(({ certificate }) => (certificate === null ? [] : [certificate]));
}

/** @returns State and number of rounds in it; states without a round are left out. */
export async function countRoundsByState(store: Store): Promise<{ state: RoundState; count: number }[]> {
  return store
    .selectFrom("rounds")
    .select(["state", ({ fn }) => fn.countAll<number>().as("count")])
    .groupBy("state")
    .execute();
}
