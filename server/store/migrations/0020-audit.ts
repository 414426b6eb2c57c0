/**
 * The audit log as leaves of a Merkle tree in place of a table of acts, which is empty where 0011 passed; the parties'
 * co-signatures of its heads; nonces that outlive the process; and writes by idempotency key.
 */
import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  sql`DROP TABLE acts`,
  sql`CREATE TABLE audit_leaves (
    number INTEGER PRIMARY KEY,
    commitment TEXT NOT NULL,
    entry TEXT,
    salt TEXT,
    round TEXT REFERENCES rounds (id),
    at TEXT NOT NULL,
    CHECK ((entry IS NULL) = (salt IS NULL))
  ) STRICT`,
  sql`CREATE INDEX audit_leaves_by_round ON audit_leaves (round, number)`,
  sql`CREATE TABLE nonces (nonce TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT`,
  sql`CREATE TABLE writes (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (caller, key)
  ) STRICT`,
  sql`CREATE INDEX writes_by_time ON writes (at)`,
  sql`CREATE TABLE cosignatures (
    party TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    root TEXT NOT NULL,
    signature TEXT NOT NULL
  ) STRICT`,
];

export const audit: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await statement.execute(db);
  },
};
