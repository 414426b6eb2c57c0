/**
 * Statistics: what was published, each row with what it charges to its year's privacy budget.
 */
import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  sql`CREATE TABLE statistics (
    round TEXT NOT NULL REFERENCES rounds (id),
    source TEXT NOT NULL,
    year INTEGER NOT NULL,
    epsilon TEXT NOT NULL,
    content TEXT NOT NULL,
    released_at TEXT NOT NULL,
    PRIMARY KEY (round, source)
  ) STRICT`,
  sql`CREATE INDEX statistics_by_year ON statistics (year)`,
];

export const statistics: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await statement.execute(db);
  },
};
