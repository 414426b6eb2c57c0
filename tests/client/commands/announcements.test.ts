/**
 * `aquila announcements`: listed by a party and by staff, and brought again by an operator.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { createIdentityFile, STAFF_FILE } from "#client/sealed-identity.ts";
import { createVault } from "#client/vault.ts";
import { AnnouncementList, AnnouncementView } from "#engine/round/announcement.ts";
import { approve, matchRound, sealedRound } from "../../server/acts.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  removeHouse,
  startServer,
  type House,
  type RunningServer,
} from "../../server/harness.ts";
import { openReceiver, taken, type Receiver } from "../../server/receivers.ts";
import { PASSPHRASE } from "../folders.ts";
import { runAquila } from "./command-line.ts";

let house: House;
let server: RunningServer;
let receiver: Receiver;
beforeAll(async () => {
  house = makeHouse();
  receiver = await openReceiver(house.roster.secretariat, (response) => response.writeHead(503).end());
  const announcements = { webhooks: { HR: { url: receiver.url } }, password: null };
  server = await startServer(house, { announcements, deliveriesEveryMs: 10 });
  using vault = createVault(at("AT"), identityOf(house, "AT"), PASSPHRASE, LEAST_COST);
  vault.pinRoster(house.roster);
  createIdentityFile(at("op.key"), STAFF_FILE, house.cast.operators[0], PASSPHRASE, LEAST_COST);
  createIdentityFile(at("dpo.key"), STAFF_FILE, house.cast.officer, PASSPHRASE, LEAST_COST);
  writeFileSync(at("roster.json"), JSON.stringify(house.roster));
});
afterAll(async () => {
  await server.app.close();
  await receiver.close();
  removeHouse(house);
});

const at = (name: string): string => join(house.folder, name);
const run = (...args: readonly string[]) => runAquila(house.folder, ["announcements", ...args, "--server", server.url]);
const AS_OPERATOR = ["--identity", "op.key", "--roster", "roster.json"];

test("a party sees its own, staff how far each has come, and an operator has one brought again", async () => {
  expect((await run("list", "--vault", "AT")).stdout).toBe("no result waits in a round that is not erased\n");
  await sealedRound(house, server.url, makeDescriptor(house));
  await approve(house, server.url, "release", await matchRound(house, server.url, "test-1"));
  await receiver.until(1);

  const own = await run("list", "--vault", "AT");
  expect(own.stdout).toMatch(/^\S+Z {2}test-1 {2}AT {2}[\w-]{22}\n$/);
  await expect
    .poll(async () => (await run("list", ...AS_OPERATOR)).stdout, { timeout: 30_000 })
    .toMatch(/test-1 {2}HR {2}[\w-]{22}\n {2}webhook: pending, 1 attempt, last 503 at \S+Z, next at \S+Z\n/);

  const listed = await run("list", ...AS_OPERATOR, "--json");
  const all = AnnouncementList.parse(JSON.parse(listed.stdout));
  expect(all.map(({ announcement }) => announcement.party)).toEqual(["AT", "HR", "SI"]);
  const id = all[1]?.announcement.id ?? "";
  receiver.answer = taken;
  const again = await run("again", id, "--channel", "webhook", ...AS_OPERATOR, "--json");
  expect(AnnouncementView.parse(JSON.parse(again.stdout)).announcement.id).toBe(id);
  await receiver.until(2);
  expect(new Set(receiver.received.map((one) => one.id))).toEqual(new Set([id]));
}, 120_000);

test("who may not, and what is not there, is refused", async () => {
  const unknown = "A".repeat(22);
  const officer = await run("again", unknown, "--channel", "mail", "--identity", "dpo.key", "--roster", "roster.json");
  expect([officer.exitCode, officer.stderr]).toEqual([4, expect.stringContaining("request-forbidden")]);
  const none = await run("again", unknown, "--channel", "mail", ...AS_OPERATOR);
  expect([none.exitCode, none.stderr]).toEqual([4, expect.stringContaining("announcement-unknown")]);
  expect((await run("again", "short", "--channel", "mail", ...AS_OPERATOR)).exitCode).toBe(2);
  expect((await run("again", unknown, "--channel", "pigeon", ...AS_OPERATOR)).exitCode).toBe(2);
}, 60_000);
