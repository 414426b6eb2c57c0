/**
 * Where the secretariat's announcements arrive: a webhook and a mail server as parties run them, behind taps.
 */
import { join } from "node:path";
import type { Config } from "#server/config.ts";
import { openMailReceiver, openReceiver } from "../../../tests/server/receivers.ts";
import { openTap } from "./tap.ts";

export type Receivers = {
  readonly announcements: NonNullable<Config["announcements"]>;
  /** Folders with every byte that came. */
  readonly webhooks: string;
  readonly mail: string;
  /** How many announcements have come whole by each way, repeats among them, and what was not as it must be. */
  readonly arrived: () => { readonly webhooks: number; readonly mail: number; readonly faults: readonly string[] };
  readonly close: () => Promise<void>;
};

/** @param secretariat - Its public key. */
export async function openReceivers(
  folder: string,
  secretariat: string,
  parties: readonly string[],
): Promise<Receivers> {
  const [webhook, mailServer] = await Promise.all([
    openReceiver(secretariat),
    openMailReceiver({ hideSTARTTLS: true }),
  ]);
  const [webhooks, mail] = [join(folder, "webhooks"), join(folder, "mail")];
  const answered = join(folder, "answered");
  const [webhookTap, mailTap] = await Promise.all([
    openTap(webhook.port, { name: "webhook", sent: webhooks, answered }),
    openTap(mailServer.port, { name: "mail", sent: mail, answered }),
  ]);
  const url = `http://127.0.0.1:${webhookTap.port}/aquila`;
  return {
    announcements: {
      webhooks: Object.fromEntries(parties.map((party) => [party, { url }])),
      mail: {
        smtp: { host: "127.0.0.1", port: mailTap.port, security: "none" },
        from: "aquila@secretariat.example",
        to: Object.fromEntries(parties.map((party) => [party, `desk@${party.toLowerCase()}.example`])),
      },
    },
    webhooks,
    mail,
    arrived: () => ({
      webhooks: webhook.received.length,
      mail: mailServer.messages.length,
      faults: webhook.faults,
    }),
    close: async () => {
      await Promise.all([webhookTap.close(), mailTap.close()]);
      await Promise.all([webhook.close(), mailServer.close()]);
    },
  };
}
