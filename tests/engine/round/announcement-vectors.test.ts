/**
 * Announcements as webhooks carry them, against fixtures/vectors/announcement.json, which a second implementation wrote; and
 * the receiver that docs/spec/announcements.md shows, as it stands there.
 */
import { readFileSync } from "node:fs";
import { createVerifier, httpbis } from "http-message-signatures";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { Announcement } from "#engine/round/announcement.ts";
import { privateKeyOf, publicKeyOf } from "#engine/round/raw-key.ts";
import { signAnnouncement } from "#engine/round/signed-announcements.ts";
import { vectorFile } from "../batch/vectors.ts";

const { signSecret, signKey, created, announcement, cases } = z
  .strictObject({
    signSecret: z.string(),
    signKey: z.string(),
    created: z.int(),
    announcement: Announcement,
    cases: z.array(
      z.strictObject({
        name: z.string(),
        method: z.string(),
        authority: z.string(),
        path: z.string(),
        headers: z.record(z.string(), z.string()),
        body: z.string(),
        now: z.int(),
        party: z.string(),
        expect: z.enum(["ok", "invalid"]),
      }),
    ),
  })
  .parse(vectorFile("announcement.json"));

type Received = Pick<(typeof cases)[number], "method" | "authority" | "path" | "headers"> & {
  readonly body: Uint8Array;
};
type Receiver = {
  readonly announcementFrom: (received: Received, secretariat: string, party: string, now: number) => unknown;
};

/** The example of the specification, run as it is. */
async function receiverOfSpec(): Promise<Receiver> {
  const page = readFileSync(new URL("../../../docs/spec/announcements.md", import.meta.url), "utf8");
  const code = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const module: unknown = await import(
    /* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`
  );
  return module as Receiver;
}

describe("the receiver of the specification", () => {
  test.each(cases)("gives what the vectors say: $name", async ({ expect: wanted, body, now, party, ...head }) => {
    const { announcementFrom } = await receiverOfSpec();
    const take = (): unknown => announcementFrom({ ...head, body: Buffer.from(body) }, signKey, party, now);
    if (wanted === "ok") expect(take()).toEqual(announcement);
    else expect(take).toThrow();
  });
});

describe("what is sent", () => {
  const key = privateKeyOf("ed25519", signSecret);

  test.each(cases.slice(0, 2))("is signed as in the vectors: $name", ({ authority, path, headers, body }) => {
    const scheme = authority.startsWith("127.") ? "http" : "https";
    const sent = signAnnouncement(
      key,
      announcement,
      new URL(`${scheme}://${authority}${path}`),
      new Date(created * 1_000),
    );
    expect(sent.headers).toEqual({ ...headers, "content-type": "application/json" });
    expect(new TextDecoder().decode(sent.body)).toBe(body);
  });

  test("passes with a library that knows nothing of this project", async () => {
    const url = new URL("https://hooks.hr.example/aquila");
    const { method, headers } = signAnnouncement(key, announcement, url, new Date());
    const verifier = createVerifier(publicKeyOf("ed25519", signKey), "ed25519");
    const keyLookup = () => Promise.resolve({ id: "secretariat", algs: ["ed25519" as const], verify: verifier });
    const asked = { method, url, headers };
    expect(await httpbis.verifyMessage({ keyLookup, requiredFields: ["@path", "content-digest"] }, asked)).toBe(true);
    const other = { ...asked, url: new URL("https://hooks.si.example/aquila") };
    expect(await httpbis.verifyMessage({ keyLookup }, other)).not.toBe(true);
  });
});
