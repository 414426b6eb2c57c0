/**
 * Rounds, round keys, confirmations, uploads and packages.
 */
import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  sql`CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`,
  sql`CREATE TABLE rounds (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN
      ('draft', 'opened', 'keyed', 'submitting', 'sealed', 'matching', 'released', 'erased')),
    descriptor TEXT NOT NULL,
    t0 TEXT NOT NULL,
    t1 TEXT,
    wrapped_key BLOB,
    created_at TEXT NOT NULL,
    CHECK ((wrapped_key IS NULL) = (state = 'erased'))
  ) STRICT`,
  sql`CREATE TABLE round_parties (
    round TEXT NOT NULL REFERENCES rounds (id),
    party TEXT NOT NULL,
    PRIMARY KEY (party, round)
  ) STRICT`,
  sql`CREATE TABLE round_keys (
    round TEXT NOT NULL REFERENCES rounds (id),
    party TEXT NOT NULL,
    public_key TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (round, party)
  ) STRICT`,
  sql`CREATE TABLE confirmations (
    round TEXT NOT NULL REFERENCES rounds (id),
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    key_id TEXT NOT NULL,
    mac TEXT NOT NULL,
    PRIMARY KEY (round, sender, recipient)
  ) STRICT`,
  sql`CREATE TABLE uploads (
    round TEXT NOT NULL REFERENCES rounds (id),
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('partial', 'checking', 'complete')),
    digest TEXT,
    byte_length INTEGER,
    manifest_signature TEXT,
    PRIMARY KEY (round, sender, recipient),
    CHECK ((digest IS NOT NULL) = (state = 'complete')),
    CHECK ((byte_length IS NOT NULL) = (state = 'complete')),
    CHECK ((manifest_signature IS NOT NULL) = (state = 'complete'))
  ) STRICT`,
  sql`CREATE TABLE chunks (
    round TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    file TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    byte_length INTEGER NOT NULL CHECK (byte_length > 0),
    PRIMARY KEY (round, sender, recipient, position),
    FOREIGN KEY (round, sender, recipient) REFERENCES uploads (round, sender, recipient)
  ) STRICT`,
  sql`CREATE TABLE packages (
    round TEXT NOT NULL REFERENCES rounds (id),
    party TEXT NOT NULL,
    file TEXT NOT NULL UNIQUE,
    PRIMARY KEY (round, party)
  ) STRICT`,
];

export const rounds: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await statement.execute(db);
  },
};
