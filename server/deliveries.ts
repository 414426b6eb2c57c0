/**
 * Brings announcements to parties that do not listen: what is due, a few at a time, again and again until it is taken or given up.
 * In: deliveries in the store, couriers by channel. Out: their new states. docs/spec/announcements.md, "Deliveries"
 */
import { randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Announcement, DeliveryChannel } from "#engine/round/announcement.ts";
import { announcementIn } from "./announcements.ts";
import type { Outcome } from "./delivery-outcome.ts";
import { faultOf } from "./log.ts";
import type { Secretariat } from "./secretariat.ts";
import { listPendingDeliveries, updateDelivery, type PendingDelivery } from "./store/deliveries.ts";

/** One way to bring announcements. */
export type Courier = {
  /** Whether the configuration names this party. */
  readonly reaches: (party: string) => boolean;
  /** One attempt, until the signal aborts; a failure is an outcome. */
  readonly bring: (announcement: Announcement, signal: AbortSignal) => Promise<Outcome>;
};

/** Those that are configured. */
export type Couriers = Partial<Readonly<Record<DeliveryChannel, Courier>>>;

const AT_ONCE = 4;
const ATTEMPT_MS = 10_000;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;
const GIVEN_UP_AFTER_MS = 86_400_000;
/** Of the parts in which a pause is drawn. */
const PARTS = 2 ** 30;

/**
 * @param attempts - That have failed, at least 1.
 * @param part - 0 to 1, evenly drawn: receivers that failed together are not asked together again.
 * @returns Half of the pause to all of it.
 */
export function pauseMs(attempts: number, part: number): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
  return Math.ceil((longest * (1 + part)) / 2);
}

/**
 * Goes on until the signal aborts. What is under way is known in memory alone: after a crash it is due again at once.
 *
 * @param lookEveryMs - The longest sleep: a clock that was moved wakes nobody.
 */
export async function bringAnnouncements(
  secretariat: Secretariat,
  couriers: Couriers,
  lookEveryMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, deliveriesDue, log } = secretariat;
  const underWay = new Map<string, Promise<void>>();
  const begin = (pending: PendingDelivery): void => {
    const name = nameOf(pending);
    const attempt = bringOnce(secretariat, couriers, pending, signal)
      .catch(async (error: unknown) => {
        log.error({ round: pending.round, fault: faultOf(error) }, "a delivery cannot be noted; it is made again");
        // Not at once: a full disk must not become a stream of requests.
        await wait(lookEveryMs, undefined, { signal, ref: false }).catch(() => undefined);
      })
      .finally(() => {
        underWay.delete(name);
        deliveriesDue.ring();
      });
    underWay.set(name, attempt);
  };
  while (!signal.aborted) {
    const rings = deliveriesDue.rings();
    let sleepMs = lookEveryMs;
    try {
      const now = clock().getTime();
      for (const pending of await listPendingDeliveries(store, 2 * AT_ONCE)) {
        if (underWay.has(nameOf(pending))) continue;
        if (pending.next_at > now) sleepMs = Math.min(sleepMs, pending.next_at - now);
        if (pending.next_at > now || underWay.size === AT_ONCE) break;
        begin(pending);
      }
    } catch (error) {
      log.error({ fault: faultOf(error) }, "deliveries cannot be read; tried again soon");
    }
    await deliveriesDue.wait(rings, sleepMs, signal);
  }
  await Promise.all(underWay.values());
}

async function bringOnce(
  { store, clock, log, metrics }: Secretariat,
  couriers: Couriers,
  pending: PendingDelivery,
  stopping: AbortSignal,
): Promise<void> {
  const { channel, round } = pending;
  const courier = couriers[channel];
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(ATTEMPT_MS)]);
  const { isTaken, status } =
    courier === undefined
      ? { isTaken: false, status: "not-configured" }
      : await courier.bring(announcementIn(pending), signal);
  // Not the receiver's fault: it is due as before when the server is back.
  if (!isTaken && stopping.aborted) return;
  const now = clock().getTime();
  const attempts = pending.attempts + 1;
  const nextAt = now + pauseMs(attempts, randomInt(PARTS) / PARTS);
  const isDead = !isTaken && nextAt > pending.begun_at + GIVEN_UP_AFTER_MS;
  const state = isTaken ? "delivered" : isDead ? "dead" : "pending";
  await updateDelivery(store, pending, {
    state,
    attempts,
    next_at: state === "pending" ? nextAt : null,
    last_status: status,
    last_at: now,
  });
  metrics.deliveries.inc({ channel, outcome: isTaken ? "delivered" : "failed" });
  if (isDead) metrics.deliveries.inc({ channel, outcome: "dead" });
  if (isDead) log.warn({ round }, "an announcement was given up; aquila announcements again");
}

function nameOf({ id, channel }: PendingDelivery): string {
  return `${id} ${channel}`;
}
