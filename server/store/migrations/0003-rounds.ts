/**
 * Rounds with all that is posted, stored and decided about them. 0001 and 0002 were of versions before 0.2, whose rounds
 * no later version can read.
 */
import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

const STATEMENTS = [
  sql`CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`,
  sql`CREATE TABLE rounds (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('draft', 'opened', 'keyed', 'submitting', 'sealed', 'matching', 'reviewed',
      'released', 'followed-up', 'erased')),
    descriptor TEXT NOT NULL,
    t0 TEXT NOT NULL,
    t1 TEXT,
    t2 TEXT,
    ending TEXT,
    key_id BLOB,
    certificate TEXT,
    created_at TEXT NOT NULL,
    CHECK ((key_id IS NULL) = (state = 'erased')),
    CHECK ((certificate IS NOT NULL) = (state = 'erased'))
  ) STRICT`,
  sql`CREATE TABLE round_parties (
    round TEXT NOT NULL REFERENCES rounds (id),
    party TEXT NOT NULL,
    PRIMARY KEY (party, round)
  ) STRICT`,
  sql`CREATE TABLE approvals (
    round TEXT NOT NULL REFERENCES rounds (id),
    act TEXT NOT NULL,
    operator TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (round, act, operator)
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
  sql`CREATE TABLE withdrawals (
    round TEXT NOT NULL REFERENCES rounds (id),
    party TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (round, party)
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
  sql`CREATE TABLE seals (
    round TEXT NOT NULL REFERENCES rounds (id),
    party TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (round, party)
  ) STRICT`,
  sql`CREATE TABLE pairings (
    round TEXT NOT NULL REFERENCES rounds (id),
    lower TEXT NOT NULL,
    higher TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('admitted', 'left-out', 'matched', 'held', 'dropped', 'opened', 'closed')),
    high INTEGER,
    medium INTEGER,
    low INTEGER,
    hits_file TEXT UNIQUE,
    wrapped_key BLOB,
    PRIMARY KEY (round, lower, higher),
    CHECK (wrapped_key IS NULL OR state IN ('matched', 'held', 'opened'))
  ) STRICT`,
  sql`CREATE TABLE holds (
    round TEXT NOT NULL,
    lower TEXT NOT NULL,
    higher TEXT NOT NULL,
    officer TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('hold', 'release', 'drop')),
    signature TEXT NOT NULL,
    FOREIGN KEY (round, lower, higher) REFERENCES pairings (round, lower, higher)
  ) STRICT`,
  sql`CREATE TABLE packages (
    round TEXT NOT NULL REFERENCES rounds (id),
    party TEXT NOT NULL,
    file TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    PRIMARY KEY (round, party)
  ) STRICT`,
  sql`CREATE TABLE acknowledgements (
    round TEXT NOT NULL REFERENCES rounds (id),
    party TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (round, party)
  ) STRICT`,
  sql`CREATE TABLE answers (
    round TEXT NOT NULL REFERENCES rounds (id),
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    file TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    PRIMARY KEY (round, sender, recipient)
  ) STRICT`,
  sql`CREATE TABLE statuses (
    round TEXT NOT NULL REFERENCES rounds (id),
    hit_tag BLOB NOT NULL,
    party TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (round, hit_tag, party)
  ) STRICT`,
  sql`CREATE TABLE reports (
    round TEXT NOT NULL REFERENCES rounds (id),
    party TEXT NOT NULL,
    lower TEXT NOT NULL,
    higher TEXT NOT NULL,
    kind TEXT NOT NULL,
    found INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (round, party, lower, higher, kind)
  ) STRICT`,
  sql`CREATE TABLE follow_ups (
    round TEXT NOT NULL REFERENCES rounds (id),
    band TEXT NOT NULL,
    confirmed INTEGER NOT NULL,
    refuted INTEGER NOT NULL,
    open INTEGER NOT NULL,
    PRIMARY KEY (round, band)
  ) STRICT`,
  sql`CREATE TABLE acts (
    number INTEGER PRIMARY KEY,
    round TEXT NOT NULL REFERENCES rounds (id),
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    about TEXT NOT NULL
  ) STRICT`,
];

export const rounds: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await statement.execute(db);
  },
};
