/**
 * Wrapped data keys leave the database: the column holds the id of a round's key file instead.
 */
import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Writes a wrapped data key to its file, on the disk when this returns. @returns The key's id. */
export type MoveKey = (round: string, wrapped: Uint8Array) => Promise<Uint8Array>;

/** @param moveKey - The same key again must give the same file, since a migration that was cut off runs again. */
export function keyFiles(moveKey: MoveKey): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.transaction().execute(async (transaction) => {
        const old = await sql`SELECT 1 FROM pragma_table_info('rounds') WHERE name = 'wrapped_key'`.execute(
          transaction,
        );
        if (old.rows.length === 0) return;
        await sql`ALTER TABLE rounds RENAME COLUMN wrapped_key TO key_id`.execute(transaction);
        const { rows } = await sql<{
          id: string;
          wrapped: Uint8Array;
        }>`SELECT id, key_id AS wrapped FROM rounds WHERE key_id IS NOT NULL`.execute(transaction);
        for (const { id, wrapped } of rows)
          await sql`UPDATE rounds SET key_id = ${await moveKey(id, wrapped)} WHERE id = ${id}`.execute(transaction);
      });
    },
  };
}
