/**
 * Announcements of releases, and how far each has come on each channel by which it is brought.
 */
import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  // A number is never used again: a listener asks for those after the last that it was told.
  sql`CREATE TABLE announcements (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    round TEXT NOT NULL REFERENCES rounds (id),
    party TEXT NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (round, party, kind)
  ) STRICT`,
  sql`CREATE INDEX announcements_by_party ON announcements (party, number)`,
  sql`CREATE TABLE deliveries (
    announcement TEXT NOT NULL REFERENCES announcements (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER,
    last_status TEXT,
    last_at INTEGER,
    PRIMARY KEY (announcement, channel),
    CHECK ((state = 'pending') = (next_at IS NOT NULL))
  ) STRICT`,
  sql`CREATE INDEX deliveries_by_time ON deliveries (next_at) WHERE next_at IS NOT NULL`,
];

export const announcements: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await statement.execute(db);
  },
};
