/**
 * Statements on pairings of a round.
 */
import { sql, type RawBuilder } from "kysely";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { PairingState } from "#engine/round/states.ts";
import type { Store, Tables } from "./tables.ts";

export type PairingRow = Tables["pairings"];
/** Lower party id first. */
export type PairingName = readonly [lower: string, higher: string];

export async function insertPairings(store: Store, round: string, pairings: readonly PairingName[]): Promise<void> {
  const rows = pairings.map(([lower, higher]) => ({
    round,
    lower,
    higher,
    state: "admitted" as const,
    high: null,
    medium: null,
    low: null,
    hits_file: null,
    wrapped_key: null,
  }));
  await store.insertInto("pairings").values(rows).execute();
}

/** @returns In order of lower, then higher. */
export async function listPairings(store: Store, round: string): Promise<PairingRow[]> {
  return store
    .selectFrom("pairings")
    .selectAll()
    .where("round", "=", round)
    .orderBy("lower")
    .orderBy("higher")
    .execute();
}

/** @returns Null if the round has no such pairing. */
export async function findPairing(
  store: Store,
  round: string,
  [lower, higher]: PairingName,
): Promise<PairingRow | null> {
  const row = await store
    .selectFrom("pairings")
    .selectAll()
    .where("round", "=", round)
    .where("lower", "=", lower)
    .where("higher", "=", higher)
    .executeTakeFirst();
  return row ?? null;
}

export async function updatePairing(
  store: Store,
  round: string,
  [lower, higher]: PairingName,
  change: Partial<Omit<PairingRow, "round" | "lower" | "higher">> & { readonly state: PairingState },
): Promise<void> {
  await store
    .updateTable("pairings")
    .set(change)
    .where("round", "=", round)
    .where("lower", "=", lower)
    .where("higher", "=", higher)
    .execute();
}

/** Moves every pairing of a round that is in one of `from`, and destroys its package key. */
export async function closePairings(
  store: Store,
  round: string,
  from: readonly PairingState[],
  to: PairingState,
): Promise<void> {
  await store
    .updateTable("pairings")
    .set({ state: to, wrapped_key: null })
    .where("round", "=", round)
    .where("state", "in", from)
    .execute();
}

/** Forgets keys and files of a round's pairings; opened ones are closed by it. */
export async function stripPairings(store: Store, round: string): Promise<void> {
  await store.updateTable("pairings").set({ wrapped_key: null, hits_file: null }).where("round", "=", round).execute();
}

/** What makes two rounds' hit rates comparable. */
export type Likeness = Pick<RoundDescriptor, "field" | "lowestBand" | "informationMarginBits">;

/** @returns Hits and descriptor of this pairing in other rounds like this one in which it was released, newest first. */
export async function listReleased(
  store: Store,
  round: string,
  [lower, higher]: PairingName,
  { field, lowestBand, informationMarginBits }: Likeness,
): Promise<{ readonly descriptor: string; readonly high: number; readonly medium: number; readonly low: number }[]> {
  const rows = await store
    .selectFrom("pairings")
    .innerJoin("rounds", "rounds.id", "pairings.round")
    .select(["rounds.descriptor", "pairings.high", "pairings.medium", "pairings.low"])
    .where("pairings.round", "<>", round)
    .where("pairings.lower", "=", lower)
    .where("pairings.higher", "=", higher)
    .where("pairings.high", "is not", null)
    .where("pairings.state", "<>", "dropped")
    .where("rounds.state", "in", ["released", "followed-up", "erased"])
    .where("rounds.ending", "is", null)
    .where(memberOf("field"), "=", field)
    .where(memberOf("lowestBand"), "=", lowestBand)
    .where(memberOf("informationMarginBits"), "=", informationMarginBits)
    .orderBy("rounds.created_at", "desc")
    .limit(20)
    .execute();
  return rows.map(({ descriptor, high, medium, low }) => ({
    descriptor,
    high: high ?? 0,
    medium: medium ?? 0,
    low: low ?? 0,
  }));
}

/** @returns Pairings of a field that were matched since `since`, in whatever became of the round, or may still be. */
export async function listRecent(
  store: Store,
  field: string,
  since: string,
): Promise<{ readonly round: string; readonly lower: string; readonly higher: string }[]> {
  return store
    .selectFrom("pairings")
    .innerJoin("rounds", "rounds.id", "pairings.round")
    .select(["pairings.round", "pairings.lower", "pairings.higher"])
    .where(memberOf("field"), "=", field)
    .where((that) =>
      that.or([
        that.and([that("pairings.high", "is not", null), that("rounds.matched_at", ">", since)]),
        that.and([that("pairings.state", "=", "admitted"), that("rounds.ending", "is", null)]),
      ]),
    )
    .execute();
}

/** A member of the round's descriptor. */
function memberOf(name: keyof Likeness): RawBuilder<string | number> {
  return sql<string | number>`json_extract(rounds.descriptor, ${`$.${name}`})`;
}
