/**
 * When a round was matched: from then counts the time until the next round of a pairing.
 */
import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  sql`ALTER TABLE rounds ADD COLUMN matched_at TEXT`,
  // When they were is not known: at the latest now.
  sql`UPDATE rounds SET matched_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    WHERE id IN (SELECT round FROM pairings WHERE high IS NOT NULL)`,
];

export const matched: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await statement.execute(db);
  },
};
