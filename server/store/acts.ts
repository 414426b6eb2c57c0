/**
 * Statements on what was done to rounds: approvals, withdrawals, seals, holds and reports.
 */
import type { Store, Tables } from "./tables.ts";

/** Does nothing if it is there already. */
export async function insertApproval(store: Store, row: Tables["approvals"]): Promise<void> {
  await store
    .insertInto("approvals")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** @returns In order of act, then operator. */
export async function listApprovals(store: Store, round: string): Promise<Omit<Tables["approvals"], "round">[]> {
  return store
    .selectFrom("approvals")
    .select(["act", "operator", "signature"])
    .where("round", "=", round)
    .orderBy("act")
    .orderBy("operator")
    .execute();
}

/** Does nothing if it is there already. */
export async function insertWithdrawal(store: Store, row: Tables["withdrawals"]): Promise<void> {
  await store
    .insertInto("withdrawals")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** @returns Parties that withdrew, in order. */
export async function listWithdrawn(store: Store, round: string): Promise<string[]> {
  const rows = await store
    .selectFrom("withdrawals")
    .select("party")
    .where("round", "=", round)
    .orderBy("party")
    .execute();
  return rows.map(({ party }) => party);
}

/** Does nothing if it is there already. */
export async function insertSeal(store: Store, row: Tables["seals"]): Promise<void> {
  await store
    .insertInto("seals")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** @returns Co-signatures of T2, in order of party. */
export async function listSeals(store: Store, round: string): Promise<Omit<Tables["seals"], "round">[]> {
  return store.selectFrom("seals").select(["party", "signature"]).where("round", "=", round).orderBy("party").execute();
}

export async function insertHold(store: Store, row: Tables["holds"]): Promise<void> {
  await store.insertInto("holds").values(row).execute();
}

/** Takes the place of an earlier report of the same kind on the same pairing by the same party. */
export async function replaceReport(store: Store, row: Tables["reports"]): Promise<void> {
  await store
    .insertInto("reports")
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(["round", "party", "lower", "higher", "kind"])
        .doUpdateSet({ found: row.found, amount: row.amount, signature: row.signature }),
    )
    .execute();
}

/** @returns In order of party, pairing and kind. */
export async function listReports(store: Store, round: string): Promise<Tables["reports"][]> {
  return store
    .selectFrom("reports")
    .selectAll()
    .where("round", "=", round)
    .orderBy("party")
    .orderBy("lower")
    .orderBy("higher")
    .orderBy("kind")
    .execute();
}
