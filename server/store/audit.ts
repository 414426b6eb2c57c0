/**
 * Statements on the audit log.
 */
import { AuditEntry, type AuditLeaf } from "#engine/audit/entry.ts";
import type { Cosignature } from "#engine/audit/tree-head.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import type { Store } from "./tables.ts";

/** Leaves that one query reads. */
const PAGE = 10_000;

/** @returns The number of the next entry; to be used in the transaction that adds it. */
export async function nextEntryNumber(store: Store): Promise<number> {
  const last = await store
    .selectFrom("audit_leaves")
    .select("number")
    .orderBy("number", "desc")
    .limit(1)
    .executeTakeFirst();
  return last === undefined ? 0 : last.number + 1;
}

export async function insertLeaf(store: Store, entry: AuditEntry, { commitment, salt }: AuditLeaf): Promise<void> {
  const { number, round, at } = entry;
  const text = new TextDecoder().decode(canonicalBytes(entry));
  await store.insertInto("audit_leaves").values({ number, commitment, entry: text, salt, round, at }).execute();
}

/** @returns Commitments from number `from` on, in order: all there are, or the first 10,000. */
export async function listCommitments(store: Store, from: number): Promise<{ number: number; commitment: string }[]> {
  return store
    .selectFrom("audit_leaves")
    .select(["number", "commitment"])
    .where("number", ">=", from)
    .orderBy("number")
    .limit(PAGE)
    .execute();
}

/** @returns Leaves from number `from` on, in order, at most `count`. */
export async function listLeaves(store: Store, from: number, count: number): Promise<AuditLeaf[]> {
  const rows = await store
    .selectFrom("audit_leaves")
    .select(["commitment", "entry", "salt"])
    .where("number", ">=", from)
    .orderBy("number")
    .limit(count)
    .execute();
  return rows.map(({ commitment, entry, salt }) => ({ commitment, entry: entryIn(entry), salt }));
}

/** @returns Entries on a round that are not erased, in order, at most `count`. */
export async function listEntriesOf(store: Store, round: string, count: number): Promise<AuditEntry[]> {
  const rows = await store
    .selectFrom("audit_leaves")
    .select("entry")
    .where("round", "=", round)
    .where("entry", "is not", null)
    .orderBy("number")
    .limit(count)
    .execute();
  return rows.map(({ entry }) => entryIn(entry)).filter((entry) => entry !== null);
}

/** Destroys entries and salts of before `before`, ISO 8601. @returns How many. */
export async function eraseEntries(store: Store, before: string): Promise<number> {
  const { numUpdatedRows } = await store
    .updateTable("audit_leaves")
    .set({ entry: null, salt: null, round: null })
    .where("at", "<", before)
    .where("entry", "is not", null)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Takes the place of the party's earlier one. */
export async function replaceCosignature(store: Store, row: Cosignature): Promise<void> {
  const { party, ...said } = row;
  await store
    .insertInto("cosignatures")
    .values({ party, ...said })
    .onConflict((conflict) => conflict.column("party").doUpdateSet(said))
    .execute();
}

/** @returns In order of party. */
export async function listCosignatures(store: Store): Promise<Cosignature[]> {
  return store.selectFrom("cosignatures").selectAll().orderBy("party").execute();
}

function entryIn(text: string | null): AuditEntry | null {
  return text === null ? null : AuditEntry.parse(JSON.parse(text));
}
