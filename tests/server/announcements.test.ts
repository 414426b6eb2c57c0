/**
 * Announcements: one for each party and release, whatever was found; listed, and told as they come.
 */
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, type Connection } from "#client/http.ts";
import { AnnouncementList, type Announcement } from "#engine/round/announcement.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { approve, approveOnce, decide, matchRound, sealedRound } from "./acts.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  officerSigning,
  operatorSigning,
  partySigning,
  people,
  removeHouse,
  startServer,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Signing } from "./requests.ts";

const PATH = "/v1/announcements";
/** Too few to be held. */
const FEW_HITS = 19;
const LONG_MS = 60_000;
let house: House;
let server: RunningServer;
let count = 0;
beforeEach(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterEach(async () => {
  await server.app.close();
  removeHouse(house);
});

/** A round in review of AT with HR, who have {@link FEW_HITS} hits, and of AT with SI, who have none. */
async function reviewed(): Promise<RoundView> {
  const id = `announced-${count++}`;
  await sealedRound(house, server.url, makeDescriptor(house, { id }), (from, to) =>
    people(from === "SI" || to === "SI" ? 0 : FEW_HITS),
  );
  return matchRound(house, server.url, id);
}

async function listed(signing: Signing, round?: string): Promise<AnnouncementList> {
  const answer = await send(server.url, signing, "GET", PATH);
  const all = AnnouncementList.parse(JSON.parse(answer.text));
  return all.filter(({ announcement }) => round === undefined || announcement.round === round);
}

const connectionOf = (party: string): Connection =>
  connect({
    serverUrl: server.url,
    identity: identityOf(house, party),
    secretariat: house.roster.secretariat,
    now: () => house.clock(),
  });

/** Listens as a party. */
function listen(party: string, after: string | null = null) {
  const told: Announcement[] = [];
  const waiting = new Set<() => void>();
  const ending = new AbortController();
  const ended = connectionOf(party).followAnnouncements(
    { timeoutMs: LONG_MS, after, signal: ending.signal },
    (announcement) => {
      told.push(announcement);
      for (const look of waiting) look();
    },
  );
  return {
    told,
    ended,
    end: async (): Promise<boolean> => {
      ending.abort();
      return ended;
    },
    /** Waits for the announcement of a round. */
    of: (round: string): Promise<Announcement> =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = told.find((one) => one.round === round);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

describe("a release", () => {
  it("makes one announcement for each party, alike but for party and id, hits or not, and also if all its pairings are dropped", async () => {
    const view = await reviewed();
    const { id } = view.descriptor;
    expect((await decide(house, server.url, "drop", ["AT", "SI"], view)).status).toBe(200);
    await approveOnce(house, server.url, "release", view, 0);
    expect(await listed(operatorSigning(house), id), "one approval releases nothing").toEqual([]);
    await approveOnce(house, server.url, "release", view, 1);
    const all = await listed(operatorSigning(house), id);
    expect(all.map(({ announcement }) => announcement.party)).toEqual(["AT", "HR", "SI"]);
    expect(new Set(all.map(({ announcement }) => announcement.id)).size).toBe(3);
    const alike = all.map(({ announcement, deliveries }) => ({ ...announcement, id: "", party: "", deliveries }));
    expect(new Set(alike.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(alike[0]).toMatchObject({ kind: "result", round: id, deliveries: [] });

    await approve(house, server.url, "release", view);
    expect(await listed(operatorSigning(house), id), "approved again").toEqual(all);
  });

  it("is announced to each party alone, and to staff", async () => {
    const view = await reviewed();
    await approve(house, server.url, "release", view);
    for (const party of ["AT", "HR", "SI"]) {
      const own = await connectionOf(party).announcements();
      expect(new Set(own.map(({ announcement }) => announcement.party))).toEqual(new Set([party]));
      expect(own.every(({ deliveries }) => deliveries === null)).toBe(true);
      expect(own.filter(({ announcement }) => announcement.round === view.descriptor.id)).toHaveLength(1);
    }
    expect(await listed(officerSigning(house))).toEqual(await listed(operatorSigning(house)));
    for (const signing of [operatorSigning(house), officerSigning(house)])
      expect(codeOf(await send(server.url, signing, "GET", `${PATH}/events`))).toBe("request-forbidden");
  });

  it("is announced no longer once the round is erased, and is not announced anew", async () => {
    const view = await reviewed();
    const { id } = view.descriptor;
    await approve(house, server.url, "release", view);
    expect(await listed(partySigning(house, "AT"), id)).toHaveLength(1);
    await approve(house, server.url, "erase", view);
    expect(await listed(operatorSigning(house), id)).toEqual([]);
    const later = await reviewed();
    await approve(house, server.url, "release", later);
    expect(await listed(partySigning(house, "AT"), later.descriptor.id)).toHaveLength(1);
  });
});

describe("a listener", () => {
  it("is told what is there, then each new one within two seconds of the release, as all parties are", async () => {
    const before = await reviewed();
    await approve(house, server.url, "release", before);
    const next = await reviewed();
    const listeners = ["AT", "HR", "SI"].map((party) => listen(party));
    for (const listener of listeners) await listener.of(before.descriptor.id);
    await approveOnce(house, server.url, "release", next, 0);
    const begun = performance.now();
    await approveOnce(house, server.url, "release", next, 1);
    const told = await Promise.all(listeners.map((listener) => listener.of(next.descriptor.id)));
    expect(performance.now() - begun).toBeLessThan(2_000);
    const own = await Promise.all(
      ["AT", "HR", "SI"].map((party) => listed(partySigning(house, party), next.descriptor.id)),
    );
    expect(told).toEqual(own.map(([view]) => view?.announcement));
    for (const listener of listeners) expect(await listener.end()).toBe(true);
    for (const [at, party] of ["AT", "HR", "SI"].entries())
      expect(new Set(listeners[at]?.told.map((one) => one.party))).toEqual(new Set([party]));
  });

  it("that names the last it knows is told later ones only; another's id or an unknown one means all", async () => {
    const rounds = [await reviewed(), await reviewed()];
    for (const view of rounds) await approve(house, server.url, "release", view);
    const [first, second] = rounds.map(({ descriptor }) => descriptor.id);
    const [known] = await listed(partySigning(house, "AT"), first);
    const [others] = await listed(partySigning(house, "HR"), second);
    const all = (await listed(partySigning(house, "AT"))).map(({ announcement }) => announcement);
    const toldAfter = async (after: string): Promise<readonly Announcement[]> => {
      const listener = listen("AT", after);
      await listener.of(second ?? "");
      await listener.end();
      return listener.told;
    };
    expect((await toldAfter(known?.announcement.id ?? "")).map(({ round }) => round)).toEqual([second]);
    expect(await toldAfter(others?.announcement.id ?? "")).toEqual(all);
    expect(await toldAfter(randomBytes(16).toString("base64url"))).toEqual(all);
    // Clients open connections ahead when they leave a stream: a server that closes does not wait for these.
    const begun = performance.now();
    await server.app.close();
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it("has four streams at most; one that it leaves counts no longer", async () => {
    const view = await reviewed();
    await approve(house, server.url, "release", view);
    const listeners = Array.from({ length: 4 }, () => listen("SI"));
    for (const listener of listeners) await listener.of(view.descriptor.id);
    const fifth = (): Promise<boolean> =>
      connectionOf("SI").followAnnouncements(
        { timeoutMs: LONG_MS, after: null, signal: AbortSignal.abort() },
        () => undefined,
      );
    expect(codeOf(await send(server.url, partySigning(house, "SI"), "GET", `${PATH}/events`))).toBe("overloaded");
    expect(await fifth()).toBe(false);
    for (const head of [1, 2, 3, 4, 5])
      expect((await send(server.url, partySigning(house, "HR"), "HEAD", `${PATH}/events`)).status, String(head)).toBe(
        200,
      );
    for (const listener of listeners) await listener.end();
    const again = (): Promise<number> =>
      send(server.url, partySigning(house, "SI"), "GET", `${PATH}/events`).then(({ status }) => status);
    await expect.poll(again).toBe(200);
  });

  it("is let go when the server closes, and misses nothing over a restart", async () => {
    const view = await reviewed();
    const waiting = await reviewed();
    await approve(house, server.url, "release", view);
    const listener = listen("HR");
    const { id } = await listener.of(view.descriptor.id);
    const begun = performance.now();
    await server.app.close();
    expect(await listener.ended).toBe(true);
    expect(performance.now() - begun).toBeLessThan(5_000);
    server = await startServer(house);
    await approve(house, server.url, "release", waiting);
    const again = listen("HR", id);
    await again.of(waiting.descriptor.id);
    await again.end();
    expect(again.told.map(({ round }) => round)).toEqual([waiting.descriptor.id]);
  });
});
