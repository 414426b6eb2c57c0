/**
 * Statements on nonces that have to outlive the process: of signatures dated ahead of the server's clock, which would pass
 * again after a restart.
 */
import type { Store } from "./tables.ts";

export async function insertNonce(store: Store, row: { nonce: string; expires_at: number }): Promise<void> {
  await store.insertInto("nonces").values(row).execute();
}

/** Forgets those that expired before `now`, milliseconds since the epoch. @returns The others. */
export async function listNonces(store: Store, now: number): Promise<{ nonce: string; expires_at: number }[]> {
  await store.deleteFrom("nonces").where("expires_at", "<", now).execute();
  return store.selectFrom("nonces").selectAll().execute();
}
