/**
 * Answers that the secretariat did not sign, or not to this request, are none.
 */
import { describe, expect, test } from "vitest";
import type { connect } from "#client/http.ts";
import { identity, json, roster, serve } from "./answering-server.ts";

describe("the secretariat's signature", () => {
  test.each<[string, (connectTo: Awaited<ReturnType<typeof serve>>["connectTo"]) => ReturnType<typeof connect>]>([
    ["of another key", (connectTo) => connectTo({ secretariat: identity.signKey })],
    [
      "over another request",
      (connectTo) => {
        let first: Response | null = null;
        const replayed: typeof fetch = async (...asked) => (first ??= await fetch(...asked)).clone();
        const connection = connectTo({ fetch: replayed });
        return { ...connection, roster: async () => (await connection.roster(), connection.roster()) };
      },
    ],
    [
      "over another body",
      (connectTo) =>
        connectTo({
          fetch: async (...asked) => {
            const { status, headers } = await fetch(...asked);
            return new Response(JSON.stringify({ ...roster, serial: 2 }), { status, headers });
          },
        }),
    ],
    [
      "that is not there",
      (connectTo) =>
        connectTo({
          fetch: async (...asked) => {
            const answer = await fetch(...asked);
            return new Response(await answer.text(), { headers: { "content-type": "application/json" } });
          },
        }),
    ],
  ])("%s is none", async (_name, connection) => {
    const { connectTo } = await serve(json(roster));
    await expect(connection(connectTo).roster()).rejects.toMatchObject({
      code: "server-answer-invalid",
      detail: expect.stringContaining("not signed by the secretariat") as string,
    });
  });
});
