/**
 * Quotas: when a round was opened.
 */
import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { LinkageError } from "#engine/errors.ts";

const STATEMENTS = [
  sql`ALTER TABLE rounds ADD COLUMN opened_at TEXT`,
  sql`CREATE INDEX rounds_by_opening ON rounds (opened_at)`,
];

export const quotas: Migration = {
  /** @throws {@link LinkageError} `file-unreadable` if there are rounds: they are of format 2, whose agreements have no quota. */
  async up(db: Kysely<unknown>): Promise<void> {
    const { rows } = await sql`SELECT 1 FROM rounds LIMIT 1`.execute(db);
    if (rows.length > 0)
      throw new LinkageError(
        "file-unreadable",
        "the database holds rounds of format 2: erase them with the version that made them, and name another dataDir",
      );
    for (const statement of STATEMENTS) await statement.execute(db);
  },
};
