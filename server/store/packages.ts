/**
 * Statements on packages.
 */
import type { Store } from "./tables.ts";

export async function insertPackage(store: Store, round: string, party: string, file: string): Promise<void> {
  await store.insertInto("packages").values({ round, party, file }).execute();
}

/** @returns The package's file name; null if there is none. */
export async function findPackage(store: Store, round: string, party: string): Promise<string | null> {
  const row = await store
    .selectFrom("packages")
    .select("file")
    .where("round", "=", round)
    .where("party", "=", party)
    .executeTakeFirst();
  return row?.file ?? null;
}

/** @returns File names of a round's packages. */
export async function listPackageFiles(store: Store, round: string): Promise<string[]> {
  const rows = await store.selectFrom("packages").select("file").where("round", "=", round).execute();
  return rows.map((row) => row.file);
}

export async function deletePackages(store: Store, round: string): Promise<void> {
  await store.deleteFrom("packages").where("round", "=", round).execute();
}
