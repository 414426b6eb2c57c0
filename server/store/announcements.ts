/**
 * Statements on announcements.
 */
import type { Insertable, Selectable } from "kysely";
import type { Store, Tables } from "./tables.ts";

export type AnnouncementRow = Selectable<Tables["announcements"]>;

export async function insertAnnouncement(store: Store, row: Insertable<Tables["announcements"]>): Promise<void> {
  await store.insertInto("announcements").values(row).execute();
}

/** @returns Of one party, those with a higher number than `after`, oldest first. */
export async function listAnnouncementsOf(store: Store, party: string, after: number): Promise<AnnouncementRow[]> {
  return store
    .selectFrom("announcements")
    .selectAll()
    .where("party", "=", party)
    .where("number", ">", after)
    .orderBy("number")
    .execute();
}

/** @returns All parties', oldest first. */
export async function listAnnouncements(store: Store): Promise<AnnouncementRow[]> {
  return store.selectFrom("announcements").selectAll().orderBy("number").execute();
}

/** @returns Null if there is none. */
export async function findAnnouncement(store: Store, id: string): Promise<AnnouncementRow | null> {
  return (await store.selectFrom("announcements").selectAll().where("id", "=", id).executeTakeFirst()) ?? null;
}

/** Deletes a round's announcements, and their deliveries with them. */
export async function deleteAnnouncements(store: Store, round: string): Promise<void> {
  await store.deleteFrom("announcements").where("round", "=", round).execute();
}
