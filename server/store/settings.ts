/**
 * Statements on settings: what the database knows of the server it belongs to.
 */
import type { Store } from "./tables.ts";

/** @returns Null if it was never set. */
export async function findSetting(store: Store, name: string): Promise<string | null> {
  const row = await store.selectFrom("settings").select("value").where("name", "=", name).executeTakeFirst();
  return row?.value ?? null;
}

export async function insertSetting(store: Store, name: string, value: string): Promise<void> {
  await store.insertInto("settings").values({ name, value }).execute();
}
