/**
 * A database that has no space: it is given one page more each time that the server refuses something for it, or does not
 * get on. Nothing acknowledged is lost, and the round comes to its end.
 */
import { setTimeout as wait } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LinkageError } from "#engine/errors.ts";
import type { ErasureCertificate } from "#engine/round/acts.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { checkEnd, keepSecrets, pairsOf, type Kept } from "../crash/invariants.ts";
import { closePlay, openPlay, playOn } from "../crash/round-play.ts";
import { operatorSigning, startServer } from "../harness.ts";
import { send } from "../requests.ts";

const MINUTES_MS = 60_000;
const MOST_REFUSALS = 500;
const DEADLINES_EVERY_MS = 100;

/** The server's database; the server does not know that anybody else has it. */
let database: DatabaseSync;
beforeEach(() => {
  limit = 0;
  // Its file is in write-ahead mode before anything else is done.
  const spied = vi.spyOn(DatabaseSync.prototype, "exec");
  spied.mockImplementation(function (this: DatabaseSync, text) {
    if (this.location()?.endsWith("aquila.db") === true) keepDatabase(this);
    this.prepare(text).run();
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

function keepDatabase(found: DatabaseSync): void {
  database = found;
}

let limit: number;
/** @param more - Pages beyond those that it has or may have. */
function limitPages(more: number): void {
  const [{ page_count: count } = {}] = database.prepare("PRAGMA page_count").all();
  limit = Math.max(limit, Number(count)) + more;
  database.prepare(`PRAGMA max_page_count = ${limit}`).all();
}

it(
  "a round comes to its end in a database that gets each page only after it was refused",
  async () => {
    const kept: Kept = { clear: [], wrapped: [] };
    const round = openPlay(keepSecrets(kept));
    try {
      const server = await startServer(round.house, { profile: SHIPPED_PROFILE, deadlinesEveryMs: DEADLINES_EVERY_MS });
      limitPages(0);
      let refused = 0;
      let last = "";
      let certificate: ErasureCertificate | null = null;
      while (certificate === null)
        try {
          certificate = await playOn(round, server.url, ({ state }) => {
            if (state === last) limitPages(1);
            last = state;
          });
        } catch (error) {
          if (!(error instanceof LinkageError) || ++refused > MOST_REFUSALS) throw error;
          // Its erasure goes on by itself.
          if (error.code === "round-state" && error.detail.includes("followed-up")) await wait(DEADLINES_EVERY_MS);
          else if (error.code !== "storage-failed") throw error;
          limitPages(1);
        }
      expect(refused).toBeGreaterThan(3);
      expect(
        server.log.filter((line) => line.includes('"code":"internal"') && !line.includes("matching failed")),
      ).toEqual([]);
      limitPages(1_000);
      await server.app.close();
      expect(Object.values(pairsOf(round)).map((pairs) => pairs.length)).toEqual([5, 5]);
      await checkEnd(round, certificate, kept);
    } finally {
      closePlay(round);
    }
  },
  5 * MINUTES_MS,
);

it("who is refused is told when to come again, under the last head; reading goes on", async () => {
  const round = openPlay();
  try {
    const server = await startServer(round.house, { profile: SHIPPED_PROFILE });
    const operator = operatorSigning(round.house);
    expect((await send(server.url, operator, "GET", "/v1/rounds")).status).toBe(200);
    limitPages(0);
    const refused = await fillUp();
    expect(refused.status).toBe(503);
    expect(refused.logSize, "it is signed, under a head").toBeGreaterThan(0);
    expect(JSON.parse(refused.text)).toMatchObject({
      code: "storage-failed",
      detail: expect.stringContaining("SQLITE_FULL") as string,
    });
    expect(refused.retryAfter).toBe("5");
    expect((await send(server.url, operator, "GET", "/v1/rounds")).status).toBe(200);
    limitPages(1_000);
    expect((await send(server.url, operator, "POST", "/v1/rounds", round.descriptor)).status).toBe(201);
    await server.app.close();

    async function fillUp() {
      for (;;) {
        const answer = await send(server.url, operator, "POST", "/v1/rounds", round.descriptor);
        if (answer.status !== 201) return answer;
      }
    }
  } finally {
    closePlay(round);
  }
});
