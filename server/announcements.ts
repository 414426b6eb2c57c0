/**
 * Announcements of releases: made in the transaction that releases, shown to their party and to staff.
 */
import { randomBytes } from "node:crypto";
import { ANNOUNCEMENT_FORMAT, type Announcement, type AnnouncementView } from "#engine/round/announcement.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { Caller } from "./caller.ts";
import type { Clock, Secretariat } from "./secretariat.ts";
import {
  insertAnnouncement,
  listAnnouncements,
  listAnnouncementsOf,
  listDeliveries,
  type AnnouncementRow,
} from "./store/announcements.ts";
import type { Store, Tables } from "./store/tables.ts";

const ID_BYTES = 16;

/**
 * One for each party of the round, whatever was found.
 *
 * @param store - The transaction that releases the round; its caller rings the bell once that is committed.
 */
export async function announceResult(
  store: Store,
  { clock }: { readonly clock: Clock },
  { id: round, parties }: RoundDescriptor,
): Promise<void> {
  const at = clock()
    .toISOString()
    .replace(/\.\d+Z$/, "Z");
  for (const { id: party } of parties) {
    const id = randomBytes(ID_BYTES).toString("base64url");
    await insertAnnouncement(store, { id, round, party, kind: "result", at });
  }
}

/** @returns A party's own; for staff all, with their deliveries. */
export async function announcementsFor({ store }: Secretariat, caller: Caller): Promise<AnnouncementView[]> {
  if (caller.kind === "party")
    return (await listAnnouncementsOf(store, caller.id, 0)).map((row) => ({
      announcement: announcementIn(row),
      deliveries: null,
    }));
  const deliveries = Map.groupBy(await listDeliveries(store), ({ announcement }) => announcement);
  return (await listAnnouncements(store)).map((row) => ({
    announcement: announcementIn(row),
    deliveries: (deliveries.get(row.id) ?? []).map(deliveryIn),
  }));
}

/** @returns An announcement as it is told. */
export function announcementIn({ at, id, kind, party, round }: AnnouncementRow): Announcement {
  return { at, format: ANNOUNCEMENT_FORMAT, id, kind, party, round };
}

function deliveryIn(row: Tables["deliveries"]): NonNullable<AnnouncementView["deliveries"]>[number] {
  const { channel, state, attempts, last_status: lastStatus, last_at: lastAt, next_at: nextAt } = row;
  return { channel, state, attempts, lastStatus, lastAt: momentOf(lastAt), nextAt: momentOf(nextAt) };
}

/** @param ms - Since the epoch. */
function momentOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
