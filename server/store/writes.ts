/**
 * Statements on writes that were carried out, by their idempotency keys.
 */
import type { Store } from "./tables.ts";

/** Does nothing if it is there already. @param at - ISO 8601. */
export async function insertWrite(
  store: Store,
  row: { caller: string; key: string; digest: string; at: string },
): Promise<void> {
  await store
    .insertInto("writes")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** @returns Digest of the request that used this key; null if none did. */
export async function findWrite(store: Store, caller: string, key: string): Promise<string | null> {
  const row = await store
    .selectFrom("writes")
    .select("digest")
    .where("caller", "=", caller)
    .where("key", "=", key)
    .executeTakeFirst();
  return row?.digest ?? null;
}

/** @param before - ISO 8601. */
export async function forgetWrites(store: Store, before: string): Promise<void> {
  await store.deleteFrom("writes").where("at", "<", before).execute();
}
