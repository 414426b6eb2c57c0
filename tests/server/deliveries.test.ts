/**
 * Announcements brought by webhook: to a receiver that is down, slow, wrong or doubled, over restarts of either side. Each
 * arrives, none is lost, repeats have the same id, and nobody gets another's.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AnnouncementList, type AnnouncementView, type Delivery } from "#engine/round/announcement.ts";
import { privateKeyOf } from "#engine/round/raw-key.ts";
import { openServerKey, signingKeysOf } from "#server/data-key.ts";
import { pauseMs } from "#server/deliveries.ts";
import { makeWebhookCourier } from "#server/webhook.ts";
import { approve, matchRound, sealedRound } from "./acts.ts";
import {
  makeDescriptor,
  makeHouse,
  officerSigning,
  operatorSigning,
  partySigning,
  removeHouse,
  startServer,
  type House,
  type RunningServer,
} from "./harness.ts";
import { openReceiver, taken, type Receiver, type WebhookAnswer } from "./receivers.ts";
import { codeOf, send } from "./requests.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const LOOK_MS = 10;
let house: House;
let server: RunningServer;
let shiftMs: number;
let count = 0;
const opened: Receiver[] = [];
beforeEach(() => {
  house = makeHouse();
  shiftMs = 0;
  house.clock = () => new Date(Date.now() + shiftMs);
});
afterEach(async () => {
  await server.app.close();
  for (const receiver of opened.splice(0)) await receiver.close();
  removeHouse(house);
});

async function receiverOf(answer?: WebhookAnswer, port?: number): Promise<Receiver> {
  const receiver = await openReceiver(house.roster.secretariat, answer, port);
  opened.push(receiver);
  return receiver;
}

/** @param webhooks - Addresses by party. */
async function serve(webhooks: Readonly<Record<string, string>>): Promise<void> {
  const named = Object.entries(webhooks).map(([party, url]) => [party, { url }] as const);
  const announcements = { webhooks: Object.fromEntries(named), password: null };
  server = await startServer(house, { announcements, deliveriesEveryMs: LOOK_MS });
}

/** @returns Id of a round that is released. */
async function released(): Promise<string> {
  const id = `brought-${count++}`;
  await sealedRound(house, server.url, makeDescriptor(house, { id }));
  const answer = await approve(house, server.url, "release", await matchRound(house, server.url, id));
  expect(answer.status).toBe(200);
  return id;
}

async function shown(round: string, party: string): Promise<AnnouncementView> {
  const answer = await send(server.url, operatorSigning(house), "GET", "/v1/announcements");
  const view = AnnouncementList.parse(JSON.parse(answer.text)).find(
    ({ announcement }) => announcement.round === round && announcement.party === party,
  );
  return view ?? expect.fail(`nothing for ${party} in ${round}`);
}

const deliveryOf = async (round: string, party: string): Promise<Delivery> =>
  (await shown(round, party)).deliveries?.[0] ?? expect.fail(`no delivery for ${party}`);

/** Waits until so many attempts have ended. */
async function untilTried(round: string, party: string, attempts: number): Promise<Delivery> {
  for (;;) {
    const delivery = await deliveryOf(round, party);
    if (delivery.attempts >= attempts || delivery.state !== "pending") return delivery;
  }
}

/** Moves the clock to the next attempt, if there is one, and waits until it has ended. */
async function nextAttempt(round: string, party: string): Promise<Delivery> {
  const delivery = await deliveryOf(round, party);
  const { attempts, nextAt } = delivery;
  if (nextAt === null) return delivery;
  shiftMs += Math.max(0, Date.parse(nextAt) - house.clock().getTime());
  return untilTried(round, party, attempts + 1);
}

async function freePort(): Promise<number> {
  const listening = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => listening.once("listening", resolve));
  const { port } = listening.address() as AddressInfo;
  await new Promise((resolve) => listening.close(resolve));
  return port;
}

describe("a release", () => {
  it("is brought once to each party that has a receiver, and to it alone", async () => {
    const receivers = { AT: await receiverOf(), SI: await receiverOf() };
    await serve({ AT: receivers.AT.url, SI: receivers.SI.url });
    const round = await released();
    for (const [party, receiver] of Object.entries(receivers)) {
      await receiver.until(1);
      expect(await untilTried(round, party, 1)).toMatchObject({ state: "delivered", attempts: 1, lastStatus: "204" });
      expect(receiver.received).toEqual([(await shown(round, party)).announcement]);
      expect(receiver.faults).toEqual([]);
    }
    expect((await shown(round, "HR")).deliveries).toEqual([]);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('aquila_deliveries_total{channel="webhook",outcome="delivered"} 2');
  });

  it("waits for no receiver, and a round that is erased is brought no more", async () => {
    const silent = await receiverOf(() => undefined);
    await serve({ AT: silent.url, HR: (await receiverOf()).url });
    const round = await released();
    await silent.until(1);
    const view = await send(server.url, operatorSigning(house), "GET", `/v1/rounds/${round}`);
    expect(JSON.parse(view.text)).toMatchObject({ state: "released" });
    expect(await untilTried(round, "HR", 1)).toMatchObject({ state: "delivered" });
    await approve(house, server.url, "erase", JSON.parse(view.text) as Parameters<typeof approve>[3]);
    const left = await send(server.url, operatorSigning(house), "GET", "/v1/announcements");
    expect(JSON.parse(left.text)).toEqual([]);
  });
});

it("a receiver of a party that is not in the roster keeps the server from starting", async () => {
  await expect(serve({ AT: "http://127.0.0.1:9/", ZZ: "http://127.0.0.1:9/" })).rejects.toMatchObject({
    code: "file-unreadable",
    detail: "announcements: not in the roster: ZZ",
  });
  await serve({ AT: "http://127.0.0.1:9/" });
});

describe("a receiver", () => {
  it("that is down for an hour gets everything when it is back, though the server restarted meanwhile", async () => {
    const port = await freePort();
    const webhooks = { AT: `http://127.0.0.1:${port}/aquila`, HR: (await receiverOf()).url };
    await serve(webhooks);
    const rounds = [await released(), await released()];
    const begun = house.clock().getTime();
    for (const round of rounds)
      expect(await untilTried(round, "AT", 1)).toMatchObject({ state: "pending", lastStatus: "ECONNREFUSED" });
    while (house.clock().getTime() < begun + 20 * MINUTE_MS) for (const round of rounds) await nextAttempt(round, "AT");
    const before = await Promise.all(rounds.map((round) => deliveryOf(round, "AT")));
    await server.app.close();
    await serve(webhooks);
    expect(await Promise.all(rounds.map((round) => deliveryOf(round, "AT")))).toEqual(before);
    rounds.push(await released());
    while (house.clock().getTime() < begun + 60 * MINUTE_MS) for (const round of rounds) await nextAttempt(round, "AT");

    const back = await receiverOf(taken, port);
    for (const round of rounds) expect(await nextAttempt(round, "AT")).toMatchObject({ state: "delivered" });
    const announced = await Promise.all(rounds.map(async (round) => (await shown(round, "AT")).announcement));
    expect(new Set(back.received.map(({ id }) => id))).toEqual(new Set(announced.map(({ id }) => id)));
    expect(back.received).toHaveLength(3);
    expect(opened[0]?.received.map(({ round }) => round)).toEqual(rounds);
    const secret = new RegExp(`127\\.0\\.0\\.1:${port}|/aquila`);
    expect(server.log.join("")).not.toMatch(secret);
    const seen = await send(server.url, officerSigning(house), "GET", "/v1/announcements");
    expect(seen.text).not.toMatch(secret);
  });

  it("that takes it and hangs up gets it again with the same id, whichever of two instances answers", async () => {
    const ids: Set<string>[] = [new Set(), new Set()];
    const instances = await receiverOf((response) => {
      const at = instances.received.length - 1;
      ids[at % 2]?.add(instances.received[at]?.id ?? "");
      if (at % 2 === 0) response.destroy();
      else taken(response, response.req);
    });
    await serve({ AT: instances.url });
    const round = await released();
    await instances.until(1);
    expect(await untilTried(round, "AT", 1)).toMatchObject({ state: "pending" });
    expect(await nextAttempt(round, "AT")).toMatchObject({ state: "delivered", attempts: 2 });
    const { announcement } = await shown(round, "AT");
    expect(instances.received).toEqual([announcement, announcement]);
    expect(ids).toEqual([new Set([announcement.id]), new Set([announcement.id])]);
  });

  it.each<[string, WebhookAnswer, string]>([
    ["500", (response) => response.writeHead(500).end("why"), "500"],
    ["404", (response) => response.writeHead(404).end(), "404"],
    ["half an answer", (response) => response.socket?.end("HTTP/1.1 20"), "UND_ERR_SOCKET"],
    ["what is no HTTP", (response) => response.socket?.end("SECRET\r\n\r\n"), "failed"],
  ])("that answers %s is asked again, and what it says is kept nowhere", async (_name, answer, status) => {
    const receiver = await receiverOf(answer);
    await serve({ AT: receiver.url });
    const round = await released();
    expect(await untilTried(round, "AT", 1)).toMatchObject({ state: "pending", lastStatus: status });
    receiver.answer = taken;
    expect(await nextAttempt(round, "AT")).toMatchObject({ state: "delivered" });
    expect(server.log.join("")).not.toContain("SECRET");
  });

  it("that sends elsewhere is not followed", async () => {
    const elsewhere = await receiverOf();
    const receiver = await receiverOf((response) => response.writeHead(307, { location: elsewhere.url }).end());
    await serve({ AT: receiver.url });
    const round = await released();
    expect(await untilTried(round, "AT", 1)).toMatchObject({ state: "pending", lastStatus: "307" });
    expect(elsewhere.received).toEqual([]);
  });

  it("that refuses for a day is given up, until an operator sends it again", async () => {
    const receiver = await receiverOf((response) => response.writeHead(503).end());
    await serve({ AT: receiver.url });
    const round = await released();
    const begun = house.clock().getTime();
    let delivery = await untilTried(round, "AT", 1);
    while (delivery.state === "pending") delivery = await nextAttempt(round, "AT");
    expect(delivery).toMatchObject({ state: "dead", lastStatus: "503", nextAt: null });
    const tookMs = house.clock().getTime() - begun;
    expect(tookMs).toBeGreaterThan(DAY_MS - 61 * MINUTE_MS);
    expect(tookMs).toBeLessThan(DAY_MS + MINUTE_MS);
    expect(receiver.received).toHaveLength(delivery.attempts);

    const { announcement } = await shown(round, "AT");
    const path = (id: string, channel: string): string => `/v1/announcements/${id}/deliveries/${channel}/again`;
    const again = (signing: ReturnType<typeof partySigning>, id = announcement.id, channel = "webhook") =>
      send(server.url, signing, "POST", path(id, channel));
    receiver.answer = taken;
    expect(codeOf(await again(partySigning(house, "AT")))).toBe("request-forbidden");
    expect(codeOf(await again(officerSigning(house)))).toBe("request-forbidden");
    const unknown = randomBytes(16).toString("base64url");
    expect(codeOf(await again(operatorSigning(house), unknown))).toBe("announcement-unknown");
    expect(codeOf(await again(operatorSigning(house), announcement.id, "mail"))).toBe("announcement-unknown");
    expect(await deliveryOf(round, "AT")).toEqual(delivery);
    expect((await again(operatorSigning(house))).status).toBe(200);
    expect(await untilTried(round, "AT", 1)).toMatchObject({ state: "delivered", attempts: 1 });
    expect(new Set(receiver.received.map(({ id }) => id))).toEqual(new Set([announcement.id]));
    const log = await send(server.url, officerSigning(house), "GET", `/v1/rounds/${round}/log`);
    expect(log.text).toContain('"about":"AT webhook","act":"announced-again","actor":"operator:op-1"');
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('aquila_deliveries_total{channel="webhook",outcome="dead"} 1');
  });
});

describe("one attempt", () => {
  it("ends when its time is up, and reads no answer's body", async () => {
    server = await startServer(house);
    const { signSecret } = signingKeysOf(openServerKey(`${house.folder}/keys/server.key`));
    const key = privateKeyOf("ed25519", signSecret);
    const receiver = await receiverOf(() => undefined);
    const courier = makeWebhookCourier({ AT: { url: receiver.url } }, key, house.clock);
    const round = await released();
    const { announcement } = await shown(round, "AT");
    expect(await courier.bring(announcement, AbortSignal.timeout(200))).toEqual({ isTaken: false, status: "timeout" });
    const closed = new Promise<void>((resolve) => {
      receiver.answer = (response) => {
        response.once("close", resolve);
        const more = (): void => {
          while (response.writable && response.write(Buffer.alloc(65_536)));
          if (response.writable) response.once("drain", more);
        };
        response.writeHead(200);
        more();
      };
    });
    expect(await courier.bring(announcement, AbortSignal.timeout(MINUTE_MS))).toEqual({ isTaken: true, status: "200" });
    await closed;
    expect(courier.reaches("HR")).toBe(false);
  });
});

it("pauses double from half a minute to an hour, and are drawn from their upper half", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, part) => {
      const longest = Math.min(30_000 * 2 ** (attempts - 1), 60 * MINUTE_MS);
      expect(pauseMs(attempts, part)).toBeGreaterThanOrEqual(longest / 2);
      expect(pauseMs(attempts, part)).toBeLessThanOrEqual(longest);
    }),
  );
});
