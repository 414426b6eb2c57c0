/**
 * Brings announcements by webhook: one signed POST to the address that the configuration names.
 * docs/spec/announcements.md, "Webhook"
 */
import type { KeyObject } from "node:crypto";
import { signAnnouncement } from "#engine/round/signed-announcements.ts";
import type { Config } from "./config.ts";
import type { Courier } from "./deliveries.ts";
import { faultWord } from "./delivery-outcome.ts";
import type { Clock } from "./secretariat.ts";

export type Webhooks = NonNullable<Config["announcements"]>["webhooks"];

/** @param key - The secretariat's private key. */
export function makeWebhookCourier(webhooks: Webhooks, key: KeyObject, clock: Clock): Courier {
  return {
    reaches: (party) => webhooks[party] !== undefined,
    bring: async (announcement, signal) => {
      const webhook = webhooks[announcement.party];
      if (webhook === undefined) return { isTaken: false, status: "not-configured" };
      const url = new URL(webhook.url);
      const { method, headers, body } = signAnnouncement(key, announcement, url, clock());
      try {
        const answer = await fetch(url, { method, headers, body: new Uint8Array(body), redirect: "manual", signal });
        // What it says is of no interest, and could be without end.
        void answer.body?.cancel().catch(() => undefined);
        return { isTaken: answer.ok, status: String(answer.status) };
      } catch (error) {
        return { isTaken: false, status: faultWord(error) };
      }
    },
  };
}
