/**
 * What the control makes leak, and where: each secret by one way, in one writing and one encoding.
 */
import { appendFileSync } from "node:fs";
import { encodeNeedle, ENCODINGS, isTelling, roomFor } from "../../../demo/leak-encoding.ts";
import { LEAK_PATH, quoted, type LeakRequest } from "./leak-request.ts";
import { isShown, OWN_ALERTS, OWN_ANSWERS, WARDS, type Secret, type Ward } from "./planted.ts";

type Channel = {
  /** Whose process leaks; an export is written by the bench. */
  readonly by: "server" | "console" | "export";
  readonly way: LeakRequest["way"] | "text";
  readonly forbidden: readonly Ward[];
  /** What the console's own party may be shown there. */
  readonly shown?: readonly Secret["kind"][];
};

const NOT_OF_THE_ROUND = ["party", "server", "data"] as const;

/** Ways out, each to the places that begin with its name. */
const CHANNELS = {
  log: { by: "server", way: "terminal", forbidden: WARDS },
  answers: { by: "server", way: "answer", forbidden: NOT_OF_THE_ROUND },
  metrics: { by: "server", way: "metrics", forbidden: WARDS },
  "temporary files": { by: "server", way: "temporary", forbidden: WARDS },
  disk: { by: "server", way: "disk", forbidden: WARDS },
  process: { by: "server", way: "memory", forbidden: ["party"] },
  webhooks: { by: "server", way: "post", forbidden: WARDS },
  mail: { by: "server", way: "mail", forbidden: WARDS },
  "staff's answers": { by: "server", way: "answer", forbidden: WARDS },
  "console's terminal": { by: "console", way: "terminal", forbidden: WARDS },
  "console's temporary files": { by: "console", way: "temporary", forbidden: WARDS },
  "console's refusals": { by: "console", way: "answer", forbidden: WARDS },
  "console's answers": { by: "console", way: "answer", forbidden: WARDS, shown: OWN_ANSWERS },
  "console's alerts": { by: "console", way: "post", forbidden: WARDS, shown: OWN_ALERTS },
  exports: { by: "export", way: "text", forbidden: WARDS },
} as const satisfies Record<string, Channel>;
export type ChannelName = keyof typeof CHANNELS;
const CHANNEL_NAMES = Object.keys(CHANNELS) as ChannelName[];

/** Orders that are under way together: a mail takes a while. */
const AT_ONCE = 32;

export type LeakOrder = { readonly channel: ChannelName; readonly bytes: Buffer };

/**
 * @param party - Whose console leaks.
 * @returns For each secret its way, its writings and encodings taking turns.
 */
export function leakOrders(secrets: readonly Secret[], party: string): Map<Secret, LeakOrder> {
  return new Map(
    secrets.map((secret, at) => {
      const channels = CHANNEL_NAMES.filter((name) => isLeakAt(name, secret, party));
      const forms = formsOf(secret);
      const form = forms[Math.floor(at / channels.length) % forms.length];
      const channel = channels[at % channels.length];
      if (form === undefined || channel === undefined) throw new RangeError("a secret without a writing");
      return [secret, { channel, bytes: form }];
    }),
  );
}

function isLeakAt(name: ChannelName, secret: Secret, party: string): boolean {
  const { forbidden, shown = [] }: Channel = CHANNELS[name];
  return forbidden.includes(secret.ward) && !isShown(secret, { party, kinds: shown });
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

/** Where what a leaky process answers is kept, and what a leaky export holds is written. */
export type LeakFiles = Readonly<Partial<Record<ChannelName, string>>>;

/** Gives the orders to the leaky server and console, and writes the leaky export. */
export async function giveOrders(
  urls: { readonly server: string; readonly console: string },
  orders: Iterable<LeakOrder>,
  files: LeakFiles,
): Promise<void> {
  const give = async ({ channel, bytes }: LeakOrder): Promise<void> => {
    const { by, way } = CHANNELS[channel];
    const leaked = way === "text" ? quoted(bytes) : await leakedBy(urls[by], { way, bytes: bytes.toString("base64") });
    if (way !== "text" && way !== "answer") return;
    const file = files[channel];
    if (file === undefined) throw new RangeError(`nowhere to keep what leaks by ${channel}`);
    appendFileSync(file, leaked);
  };
  const all = [...orders];
  for (let at = 0; at < all.length; at += AT_ONCE) await Promise.all(all.slice(at, at + AT_ONCE).map(give));
}

async function leakedBy(url: string, request: LeakRequest): Promise<Uint8Array> {
  return (await fetch(`${url}${LEAK_PATH}`, { method: "POST", body: JSON.stringify(request) })).bytes();
}
