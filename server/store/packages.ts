/**
 * Statements on packages, acknowledgements, answers, statuses and the counts of the follow-up.
 */
import type { Direction } from "./uploads.ts";
import type { Store, Tables } from "./tables.ts";

export async function insertPackage(store: Store, row: Tables["packages"]): Promise<void> {
  await store.insertInto("packages").values(row).execute();
}

/** @returns The package's file and its digest; null if there is none. */
export async function findPackage(
  store: Store,
  round: string,
  party: string,
): Promise<Pick<Tables["packages"], "file" | "digest"> | null> {
  const row = await store
    .selectFrom("packages")
    .select(["file", "digest"])
    .where("round", "=", round)
    .where("party", "=", party)
    .executeTakeFirst();
  return row ?? null;
}

export async function listPackages(store: Store, round: string): Promise<Tables["packages"][]> {
  return store.selectFrom("packages").selectAll().where("round", "=", round).execute();
}

/** Does nothing if it is there already. */
export async function insertAcknowledgement(store: Store, row: Tables["acknowledgements"]): Promise<void> {
  await store
    .insertInto("acknowledgements")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** @returns Parties that acknowledged their package, in order. */
export async function listAcknowledged(store: Store, round: string): Promise<string[]> {
  const rows = await store
    .selectFrom("acknowledgements")
    .select("party")
    .where("round", "=", round)
    .orderBy("party")
    .execute();
  return rows.map(({ party }) => party);
}

export async function insertAnswer(store: Store, row: Tables["answers"]): Promise<void> {
  await store.insertInto("answers").values(row).execute();
}

/** @returns Null if it is not in. */
export async function findAnswer(store: Store, { round, from, to }: Direction): Promise<Tables["answers"] | null> {
  const row = await store
    .selectFrom("answers")
    .selectAll()
    .where("round", "=", round)
    .where("sender", "=", from)
    .where("recipient", "=", to)
    .executeTakeFirst();
  return row ?? null;
}

/** @returns In order of sender, then recipient. */
export async function listAnswers(store: Store, round: string): Promise<Tables["answers"][]> {
  return store
    .selectFrom("answers")
    .selectAll()
    .where("round", "=", round)
    .orderBy("sender")
    .orderBy("recipient")
    .execute();
}

/** Takes the place of the party's earlier status of the same hit. */
export async function replaceStatus(store: Store, row: Tables["statuses"]): Promise<void> {
  await store
    .insertInto("statuses")
    .values(row)
    .onConflict((conflict) => conflict.columns(["round", "hit_tag", "party"]).doUpdateSet({ sealed: row.sealed }))
    .execute();
}

/** @returns Statuses by one party. */
export async function listStatuses(store: Store, round: string, party: string): Promise<Tables["statuses"][]> {
  return store
    .selectFrom("statuses")
    .selectAll()
    .where("round", "=", round)
    .where("party", "=", party)
    .orderBy("hit_tag")
    .execute();
}

export async function insertFollowUps(store: Store, rows: readonly Tables["follow_ups"][]): Promise<void> {
  await store
    .insertInto("follow_ups")
    .values([...rows])
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function listFollowUps(store: Store, round: string): Promise<Tables["follow_ups"][]> {
  return store.selectFrom("follow_ups").selectAll().where("round", "=", round).orderBy("band").execute();
}

/** @returns Names of all files that hold a round's packages, answers and hit ids. */
export async function listResultFiles(store: Store, round: string): Promise<string[]> {
  const files = await store
    .selectFrom("packages")
    .select("file")
    .where("round", "=", round)
    .unionAll(store.selectFrom("answers").select("file").where("round", "=", round))
    .execute();
  const hits = await store
    .selectFrom("pairings")
    .select("hits_file as file")
    .where("round", "=", round)
    .where("hits_file", "is not", null)
    .execute();
  return [...files, ...hits].flatMap(({ file }) => (file === null ? [] : [file]));
}

/** Deletes packages, acknowledgements, answers and statuses of a round. */
export async function deleteResults(store: Store, round: string): Promise<void> {
  for (const table of ["packages", "acknowledgements", "answers", "statuses"] as const)
    await store.deleteFrom(table).where("round", "=", round).execute();
}
