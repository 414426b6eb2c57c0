/**
 * What the control makes leak, and where: each secret by one way, in one writing and one encoding.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { encodeNeedle, ENCODINGS, isTelling, roomFor } from "../../../demo/leak-encoding.ts";
import type { Secret, Ward } from "./planted.ts";

/** Ways through the leaky server, each to the place that begins with its name. */
const CHANNELS = ["log", "answers", "metrics", "temporary files", "disk", "process"] as const;

export const LeakOrder = z.strictObject({ channel: z.enum(CHANNELS), bytes: z.base64() });
export type LeakOrder = z.infer<typeof LeakOrder>;

export const LEAK_PATH = "/leak";
/** Where the leaky server writes what it should not. */
export const LEAK_FOLDERS_VARIABLE = "AQUILA_LEAK_FOLDERS";
export const LeakFolders = z.strictObject({ disk: z.string(), temporary: z.string() });

/** Where each kind of secret is looked for. */
const OPEN_TO: Record<Ward, readonly LeakOrder["channel"][]> = {
  party: CHANNELS,
  server: ["log", "answers", "metrics", "temporary files", "disk"],
  data: ["log", "answers", "metrics", "temporary files", "disk"],
  round: ["log", "metrics", "temporary files", "disk"],
};

/** @returns For each secret its way, its writings and encodings taking turns. */
export function leakOrders(secrets: readonly Secret[]): Map<Secret, LeakOrder> {
  return new Map(
    secrets.map((secret, at) => {
      const channels = OPEN_TO[secret.ward];
      const forms = formsOf(secret);
      const form = forms[Math.floor(at / channels.length) % forms.length];
      const channel = channels[at % channels.length];
      if (form === undefined || channel === undefined) throw new RangeError("a secret without a writing");
      return [secret, { channel, bytes: form.toString("base64") }];
    }),
  );
}

/** Every writing of a secret in every encoding that tells it. */
function formsOf({ writings }: Secret): Buffer[] {
  return writings.flatMap((units) => {
    const utf8 = Buffer.from(units, "utf8");
    const room = new Uint8Array(roomFor(utf8.length));
    return ENCODINGS.flatMap((encoding) => {
      const pattern = room.subarray(0, encodeNeedle({ units, utf8 }, encoding, room));
      return isTelling({ units, utf8 }, encoding, pattern) ? [Buffer.from(pattern)] : [];
    });
  });
}

/** Gives the orders to the leaky server. @param wire - Gets its answers. */
export async function giveOrders(url: string, orders: Iterable<LeakOrder>, wire: string): Promise<void> {
  for (const order of orders) {
    const answer = await fetch(`${url}${LEAK_PATH}`, { method: "POST", body: JSON.stringify(order) });
    appendFileSync(join(wire, "answers", "leaky"), new Uint8Array(await answer.arrayBuffer()));
  }
}
