/**
 * The audit log as leaves of a Merkle tree, in place of a table of acts, the parties' co-signatures of its heads, and
 * nonces that outlive the process.
 */
import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { AuditEntry, leafOf, operationOf } from "#engine/audit/entry.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { RoundDescriptor } from "#engine/round/descriptor.ts";

const STATEMENTS = [
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
  sql`CREATE TABLE cosignatures (
    party TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    root TEXT NOT NULL,
    signature TEXT NOT NULL
  ) STRICT`,
];

type Act = { at: string; actor: string; act: string; about: string; round: string; descriptor: string };

export const audit: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await statement.execute(db);
    const { rows } = await sql<Act>`SELECT acts.at, acts.actor, acts.act, acts.about, acts.round, rounds.descriptor
      FROM acts JOIN rounds ON rounds.id = acts.round ORDER BY acts.number`.execute(db);
    for (const [number, { at, actor, act, about, round, descriptor }] of rows.entries()) {
      const { field, legalBasis } = RoundDescriptor.parse(JSON.parse(descriptor));
      const known = AuditEntry.shape.act.parse(act);
      const { commitment, entry, salt } = leafOf({
        about,
        act: known,
        actor,
        at,
        justification: legalBasis,
        number,
        operation: operationOf(known),
        purpose: field,
        recipients: [],
        round,
      });
      const text = entry === null ? null : new TextDecoder().decode(canonicalBytes(entry));
      await sql`INSERT INTO audit_leaves (number, commitment, entry, salt, round, at)
        VALUES (${number}, ${commitment}, ${text}, ${salt}, ${round}, ${at})`.execute(db);
    }
    await sql`DROP TABLE acts`.execute(db);
  },
};
