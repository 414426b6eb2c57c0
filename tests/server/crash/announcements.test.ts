/**
 * kill -9 between the release and its announcements' delivery, and between a delivery and the note of it: each arrives, and
 * a repeat has the same id.
 */
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { RoundView } from "#engine/round/messages.ts";
import { approve, approveOnce, matchRound, sealedRound } from "../acts.ts";
import { makeDescriptor, makeHouse, operatorSigning, removeHouse, type House } from "../harness.ts";
import { startProcess, type ServerProcess } from "../process.ts";
import { openReceiver, type Receiver } from "../receivers.ts";
import { send } from "../requests.ts";
import { CRASH_VARIABLE } from "./durable-steps.ts";

const PRELOAD = new URL("./preload.ts", import.meta.url).href;
let house: House;
let receiver: Receiver;
let running: ServerProcess | null = null;
beforeEach(async () => {
  house = makeHouse();
  receiver = await openReceiver(house.roster.secretariat);
});
afterEach(async () => {
  running?.child.kill("SIGKILL");
  await receiver.close();
  removeHouse(house);
});

/** @param crash - Durable step at which it is killed; never if null. */
async function start(crash: string | null): Promise<ServerProcess> {
  const webhooks = { AT: { url: receiver.url } };
  const environment = crash === null ? {} : { [CRASH_VARIABLE]: crash };
  const changes = { announcements: { webhooks }, leastHoursBetweenRounds: 0 };
  running = await startProcess(house, changes, { nodeArguments: ["--import", PRELOAD], environment });
  return running;
}

async function reviewed(url: string): Promise<RoundView> {
  await sealedRound(house, url, makeDescriptor(house, { id: "crashed" }));
  return matchRound(house, url, "crashed");
}

const ended = ({ child }: ServerProcess): Promise<unknown> =>
  child.signalCode === null ? once(child, "exit") : Promise.resolve();
const listed = async (url: string): Promise<string> =>
  (await send(url, operatorSigning(house), "GET", "/v1/announcements")).text;

it("killed right after the release, it brings what was announced when it is back", { timeout: 120_000 }, async () => {
  const first = await start("after:commit approved-release →released released statistics-published");
  const view = await reviewed(first.url);
  await approveOnce(house, first.url, "release", view, 0);
  await approveOnce(house, first.url, "release", view, 1).catch(() => undefined);
  await ended(first);
  expect(first.child.signalCode).toBe("SIGKILL");
  expect(receiver.received).toEqual([]);
  const second = await start(null);
  await receiver.until(1);
  await expect.poll(() => listed(second.url)).toContain('"state":"delivered"');
  expect(receiver.received).toHaveLength(1);
  expect(receiver.received[0]).toMatchObject({ party: "AT", round: "crashed" });
  expect(receiver.faults).toEqual([]);
});

it("killed before it noted a delivery, it brings the same again", { timeout: 120_000 }, async () => {
  const first = await start("before:commit deliveries");
  await approve(house, first.url, "release", await reviewed(first.url)).catch(() => undefined);
  await receiver.until(1);
  await ended(first);
  expect(first.child.signalCode).toBe("SIGKILL");
  const second = await start(null);
  await receiver.until(2);
  await expect.poll(() => listed(second.url)).toContain('"state":"delivered"');
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1);
  expect(receiver.received).toHaveLength(2);
});
