/**
 * Wrapped package keys as they lie in the database and its write-ahead log.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { House } from "./harness.ts";

/** @returns Package keys as they are stored, in order of pairing. */
export function wrappedKeys({ dataDir }: House): Buffer[] {
  const database = new DatabaseSync(join(dataDir, "aquila.db"));
  const rows = database.prepare("SELECT wrapped_key AS wrapped FROM pairings ORDER BY round, lower, higher").all();
  database.close();
  return rows.flatMap(({ wrapped }) => (wrapped instanceof Uint8Array ? [Buffer.from(wrapped)] : []));
}

/** @returns Whether a file of the database holds the bytes. */
export function databaseHolds({ dataDir }: House, bytes: Buffer): boolean {
  return readdirSync(dataDir)
    .filter((name) => name.startsWith("aquila.db"))
    .some((name) => readFileSync(join(dataDir, name)).includes(bytes));
}
