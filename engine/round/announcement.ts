/**
 * Announcements: the secretariat's word to a party that a result waits in a round. docs/spec/announcements.md
 */
import { z } from "zod";
import { Bytes16 } from "./binary.ts";
import { Moment, PartyId, RoundId } from "./ids.ts";
import { MAX_PARTIES } from "./roster.ts";

export const ANNOUNCEMENT_FORMAT = "aquila/announcement/v1";

/** One for each party of a round that is released, hits or not. */
export const Announcement = z.strictObject({
  at: Moment,
  format: z.literal(ANNOUNCEMENT_FORMAT),
  id: Bytes16,
  kind: z.literal("result"),
  party: PartyId,
  round: RoundId,
});
export type Announcement = z.infer<typeof Announcement>;

/** Ways by which the secretariat brings an announcement to a party that does not listen. */
export const DELIVERY_CHANNELS = ["webhook", "mail"] as const;
export const DeliveryChannel = z.enum(DELIVERY_CHANNELS);
export type DeliveryChannel = z.infer<typeof DeliveryChannel>;

/** `dead`: given up until an operator sends it again. */
const DeliveryState = z.enum(["pending", "delivered", "dead"]);

/** How far an announcement has come on one channel. */
export const Delivery = z.strictObject({
  channel: DeliveryChannel,
  state: DeliveryState,
  /** Since it was made, or last sent again. */
  attempts: z.int().min(0).max(1_000_000),
  /** Of the last attempt: a status of HTTP or SMTP, or what went wrong in one word; null before the first has ended. */
  lastStatus: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/)
    .nullable(),
  /** When the last attempt ended. */
  lastAt: z.iso.datetime().nullable(),
  /** When the next attempt is due, at the earliest; null if there is none. */
  nextAt: z.iso.datetime().nullable(),
});
export type Delivery = z.infer<typeof Delivery>;

/** `deliveries` is null for a party. */
export const AnnouncementView = z.strictObject({
  announcement: Announcement,
  deliveries: z.array(Delivery).max(DELIVERY_CHANNELS.length).nullable(),
});
export type AnnouncementView = z.infer<typeof AnnouncementView>;

/** Rounds that are not erased; the server takes no more. */
export const MAX_LIVE_ROUNDS = 256;

export const AnnouncementList = z.array(AnnouncementView).max(MAX_LIVE_ROUNDS * MAX_PARTIES);
export type AnnouncementList = z.infer<typeof AnnouncementList>;
