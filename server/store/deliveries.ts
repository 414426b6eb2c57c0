/**
 * Statements on deliveries of announcements.
 */
import type { Selectable } from "kysely";
import type { Store, Tables } from "./tables.ts";

type DeliveryRow = Tables["deliveries"];
type DeliveryName = Pick<DeliveryRow, "channel"> & { readonly id: string };

/** An announcement and a delivery of it that is pending. */
export type PendingDelivery = Selectable<Tables["announcements"]> &
  Pick<DeliveryRow, "channel" | "attempts" | "begun_at"> & { readonly next_at: number };

export async function insertDelivery(store: Store, row: DeliveryRow): Promise<void> {
  await store.insertInto("deliveries").values(row).execute();
}

/** @returns Of all announcements, in order of channel. */
export async function listDeliveries(store: Store): Promise<DeliveryRow[]> {
  return store.selectFrom("deliveries").selectAll().orderBy("channel").execute();
}

/** @returns Those that are due first, at most `limit`. */
export async function listPendingDeliveries(store: Store, limit: number): Promise<PendingDelivery[]> {
  return store
    .selectFrom("deliveries")
    .innerJoin("announcements", "announcements.id", "deliveries.announcement")
    .selectAll("announcements")
    .select(["channel", "attempts", "begun_at"])
    .select((column) => column.ref("next_at").$notNull().as("next_at"))
    .where("next_at", "is not", null)
    .orderBy("next_at")
    .orderBy("number")
    .limit(limit)
    .execute();
}

/** Notes how an attempt ended; one that was taken by another before is left as it is, as is one whose round is erased. */
export async function updateDelivery(
  store: Store,
  { id, channel }: DeliveryName,
  change: Pick<DeliveryRow, "state" | "attempts" | "next_at" | "last_status" | "last_at">,
): Promise<void> {
  await store
    .updateTable("deliveries")
    .set(change)
    .where("announcement", "=", id)
    .where("channel", "=", channel)
    .where("state", "=", "pending")
    .execute();
}

/** Makes a delivery due at `now`, as if it were new. @returns Whether there is such a one. */
export async function restartDelivery(store: Store, { id, channel }: DeliveryName, now: number): Promise<boolean> {
  const { numUpdatedRows } = await store
    .updateTable("deliveries")
    .set({ state: "pending", attempts: 0, begun_at: now, next_at: now })
    .where("announcement", "=", id)
    .where("channel", "=", channel)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
