/**
 * Announcements of releases: made in the transaction that releases, shown to their party and to staff, sent again by an operator.
 */
import { randomBytes } from "node:crypto";
import { LinkageError } from "#engine/errors.ts";
import {
  ANNOUNCEMENT_FORMAT,
  DELIVERY_CHANNELS,
  type Announcement,
  type AnnouncementView,
  type DeliveryChannel,
} from "#engine/round/announcement.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { Caller } from "./caller.ts";
import { recordAct } from "./rounds.ts";
import type { Secretariat } from "./secretariat.ts";
import {
  findAnnouncement,
  insertAnnouncement,
  listAnnouncements,
  listAnnouncementsOf,
  type AnnouncementRow,
} from "./store/announcements.ts";
import { insertDelivery, listDeliveries, restartDelivery } from "./store/deliveries.ts";
import type { Store, Tables } from "./store/tables.ts";

const ID_BYTES = 16;

/**
 * One for each party of the round, whatever was found.
 *
 * @param store - The transaction that releases the round; its caller rings the bell once that is committed.
 */
export async function announceResult(
  store: Store,
  { clock, couriers }: Pick<Secretariat, "clock" | "couriers">,
  { id: round, parties }: RoundDescriptor,
): Promise<void> {
  const now = clock();
  const at = now.toISOString().replace(/\.\d+Z$/, "Z");
  for (const { id: party } of parties) {
    const id = randomBytes(ID_BYTES).toString("base64url");
    await insertAnnouncement(store, { id, round, party, kind: "result", at });
    const channels = DELIVERY_CHANNELS.filter((channel) => couriers[channel]?.reaches(party) === true);
    for (const channel of channels)
      await insertDelivery(store, {
        announcement: id,
        channel,
        state: "pending",
        begun_at: now.getTime(),
        attempts: 0,
        next_at: now.getTime(),
        last_status: null,
        last_at: null,
      });
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

/** Rings for those who wait for announcements, once they are committed. */
export function ringForAnnouncements({
  announced,
  deliveriesDue,
}: Pick<Secretariat, "announced" | "deliveriesDue">): void {
  announced.ring();
  deliveriesDue.ring();
}

/**
 * Has a delivery made again, whatever became of it before.
 *
 * @throws {@link LinkageError} `announcement-unknown` if there is no such announcement, or it is not brought by this channel.
 */
export async function announceAgain(
  secretariat: Secretariat,
  { id, channel }: { readonly id: string; readonly channel: DeliveryChannel },
  operator: Caller,
): Promise<void> {
  await secretariat.store.transaction().execute(async (store) => {
    const announcement = await findAnnouncement(store, id);
    const isThere = await restartDelivery(store, { id, channel }, secretariat.clock().getTime());
    if (announcement === null || !isThere)
      throw new LinkageError("announcement-unknown", "there is no such announcement, or none by this channel");
    const { party, round } = announcement;
    await recordAct(store, secretariat, round, operator, "announced-again", `${party} ${channel}`, [party]);
  });
  secretariat.deliveriesDue.ring();
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
