/**
 * What passing deadlines do, seen by a running server and by one that starts after them.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DeadlineName } from "#engine/round/descriptor.ts";
import { makeRoundKey } from "#engine/round/keys.ts";
import { FollowUp, type RoundView } from "#engine/round/messages.ts";
import {
  acknowledge,
  approve,
  approveOnce,
  fetchPackage,
  matchRound,
  openedHits,
  openSubmission,
  packageKeys,
  putStatuses,
  sealedRound,
  submitAll,
} from "./acts.ts";
import {
  headerOf,
  identityOf,
  makeBatch,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  people,
  removeHouse,
  startServer,
  submitBatch,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send } from "./requests.ts";
import { databaseHolds, wrappedKeys } from "./wrapped-keys.ts";

const ID = "test-1";
const ROUND = `/v1/rounds/${ID}`;
let house: House;
let server: RunningServer;
beforeEach(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterEach(async () => {
  await server.app.close();
  removeHouse(house);
});

async function shown(): Promise<RoundView> {
  return viewIn(await send(server.url, operatorSigning(house), "GET", ROUND));
}

async function draft(): Promise<RoundView> {
  return viewIn(await send(server.url, operatorSigning(house), "POST", "/v1/rounds", makeDescriptor(house)));
}

async function opened(): Promise<RoundView> {
  return viewIn(await approve(house, server.url, "open", await draft()));
}

async function reviewed(hits = 0): Promise<RoundView> {
  await sealedRound(house, server.url, makeDescriptor(house), () => people(hits));
  return matchRound(house, server.url, ID);
}

async function released(hits = 0): Promise<RoundView> {
  return viewIn(await approve(house, server.url, "release", await reviewed(hits)));
}

/** Ends the server and starts it after the deadline: what a start does is done by a clock of a second before. */
async function startAfter({ descriptor }: RoundView, deadline: DeadlineName): Promise<void> {
  await server.app.close();
  house.clock = () => new Date(Date.parse(descriptor.deadlines[deadline]) + 2_000);
  server = await startServer(house);
}

async function expectExpired(parties: readonly string[]): Promise<void> {
  expect(await shown()).toMatchObject({ state: "erased", ending: { reason: "expired", parties, evidence: [] } });
  expect(existsSync(join(house.dataDir, "rounds", ID))).toBe(false);
  expect(readdirSync(join(house.folder, "keys", "data-keys"))).toEqual([]);
}

describe("at the deadline keys", () => {
  it("a draft is aborted, and nobody is named", async () => {
    await startAfter(await draft(), "keys");
    await expectExpired([]);
  });

  it("an attempt that lacks a key is aborted, naming whose", async () => {
    const view = await opened();
    const { posted } = makeRoundKey(identityOf(house, "AT"), view.t0);
    await send(server.url, partySigning(house, "AT"), "PUT", `${ROUND}/keys/AT`, posted);
    await startAfter(view, "keys");
    await expectExpired(["HR", "SI"]);
  });

  it("an attempt that lacks a confirmation is aborted, naming whose", async () => {
    const view = await opened();
    for (const party of ["AT", "HR", "SI"]) {
      const { posted } = makeRoundKey(identityOf(house, party), view.t0);
      await send(server.url, partySigning(house, party), "PUT", `${ROUND}/keys/${party}`, posted);
    }
    for (const [from, to] of [
      ["AT", "HR"],
      ["HR", "AT"],
      ["SI", "AT"],
    ] as const) {
      const confirmation = { from, to, keyId: "A".repeat(22), mac: "A".repeat(43) };
      await send(server.url, partySigning(house, from), "PUT", `${ROUND}/confirmations/${from}/${to}`, confirmation);
    }
    await startAfter(view, "keys");
    await expectExpired(["AT"]);
  });

  it("what is late is refused also before the deadline is worked off", async () => {
    const view = await draft();
    await approveOnce(house, server.url, "open", view, 0);
    house.clock = () => new Date(Date.parse(view.descriptor.deadlines.keys) + 1_000);
    expect(codeOf(await approveOnce(house, server.url, "open", view, 1))).toBe("round-deadline");
  });
});

describe("at the deadline submission", () => {
  it("the round is sealed with the pairings whose two batches are in; the others' bytes are gone", async () => {
    const { view, keys } = await openSubmission(house, server.url, makeDescriptor(house));
    for (const [from, to] of [
      ["AT", "HR"],
      ["HR", "AT"],
      ["AT", "SI"],
    ] as const) {
      const header = headerOf(view, keys, from, to);
      await submitBatch(house, server.url, header, makeBatch(header).bytes);
    }
    await startAfter(view, "submission");
    const after = await shown();
    expect(after.state).toBe("sealed");
    expect(after.pairings.map(({ state }) => state)).toEqual(["admitted", "left-out"]);
    expect(after.sealed.map(({ from, to }) => from + to)).toEqual(["ATHR", "HRAT"]);
    expect(readdirSync(join(house.dataDir, "rounds", ID))).toHaveLength(2);
    const late = headerOf(view, keys, "SI", "AT");
    expect(codeOf(await submitBatch(house, server.url, late, makeBatch(late).bytes))).toBe("round-state");
  });

  it("an attempt without one whole pairing is aborted, naming who is late", async () => {
    const { view, keys } = await openSubmission(house, server.url, makeDescriptor(house));
    for (const to of ["HR", "SI"]) {
      const header = headerOf(view, keys, "AT", to);
      await submitBatch(house, server.url, header, makeBatch(header).bytes);
    }
    await startAfter(view, "submission");
    await expectExpired(["HR", "SI"]);
  });

  it("a chunk, a manifest and a recall are refused also before the deadline is worked off", async () => {
    const { view, keys } = await openSubmission(house, server.url, makeDescriptor(house));
    await submitAll(house, server.url, view, keys);
    house.clock = () => new Date(Date.parse(view.descriptor.deadlines.submission) + 1_000);
    const path = `${ROUND}/batches/AT/HR`;
    expect(codeOf(await send(server.url, partySigning(house, "AT"), "DELETE", path))).toBe("round-deadline");
  });
});

describe("at the deadline release", () => {
  it("a round that is sealed only is aborted", async () => {
    const { view } = await sealedRound(house, server.url, makeDescriptor(house));
    await startAfter(view, "release");
    await expectExpired([]);
    // Nothing was matched, and nothing is to come.
    const { progress, pairings } = await shown();
    expect([progress.stage, progress.pairingsDone]).toEqual(["idle", 0]);
    expect(new Set(pairings.map(({ state }) => state))).toEqual(new Set(["closed"]));
  });

  it("a round in review is aborted, and nothing is released", async () => {
    const view = await reviewed(3);
    await approveOnce(house, server.url, "release", view, 0);
    house.clock = () => new Date(Date.parse(view.descriptor.deadlines.release) + 1_000);
    expect(codeOf(await approveOnce(house, server.url, "release", view, 1))).toBe("round-deadline");
    await startAfter(view, "release");
    await expectExpired([]);
    expect(codeOf(await fetchPackage(house, server.url, "AT", ID))).toBe("package-unavailable");
  });
});

describe("at the deadline acknowledgements", () => {
  it("a pairing that both have not acknowledged is closed to both, and its wrapped key is nowhere", async () => {
    const view = await released(3);
    const wrapped = wrappedKeys(house);
    expect(wrapped).toHaveLength(2);
    for (const party of ["AT", "HR"]) await acknowledge(house, server.url, party, view);
    const [opened, waiting] = wrapped as [Buffer, Buffer];
    expect(databaseHolds(house, waiting), "the search finds it").toBe(true);
    await startAfter(view, "acknowledgements");
    expect((await shown()).pairings.map(({ state }) => state)).toEqual(["opened", "closed"]);
    expect(databaseHolds(house, waiting)).toBe(false);
    expect(databaseHolds(house, opened)).toBe(true);
    expect(codeOf(await acknowledge(house, server.url, "SI", view))).toBe("round-deadline");
    expect([...(await packageKeys(house, server.url, "AT", ID)).keys()]).toEqual(["HR"]);
    expect((await packageKeys(house, server.url, "SI", ID)).size).toBe(0);
  });
});

describe("at the deadline followUp", () => {
  it("the counts are taken and the round is erased", async () => {
    const view = await released(3);
    for (const party of ["AT", "HR"]) await acknowledge(house, server.url, party, view);
    const [hit] = (await openedHits(house, server.url, "AT", ID)).get("HR") ?? [];
    for (const party of ["AT", "HR"]) await putStatuses(house, server.url, party, ID, [[hit?.hit ?? "", "confirmed"]]);
    await startAfter(view, "followUp");
    expect(await shown()).toMatchObject({ state: "erased", ending: null });
    const counts = await send(server.url, operatorSigning(house), "GET", `${ROUND}/follow-up`);
    expect(FollowUp.parse(JSON.parse(counts.text))[0]).toEqual({ band: "high", confirmed: 1, refuted: 0, open: 2 });
  });

  it("a round whose key file is lost is erased, uncounted", async () => {
    const view = await released(3);
    const keyFile = join(
      house.folder,
      "keys",
      "data-keys",
      readdirSync(join(house.folder, "keys", "data-keys"))[0] ?? "",
    );
    await server.app.close();
    rmSync(keyFile);
    server = await startServer(house);
    await startAfter(view, "followUp");
    expect((await shown()).state).toBe("erased");
    const counts = await send(server.url, operatorSigning(house), "GET", `${ROUND}/follow-up`);
    expect(JSON.parse(counts.text)).toEqual([]);
  });
});

describe("a running server", () => {
  it("works deadlines off by itself, one round after another, and a round that fails holds up no other", async () => {
    await server.app.close();
    server = await startServer(house, { deadlinesEveryMs: 20 });
    const broken = makeDescriptor(house, { id: "broken" });
    await send(server.url, operatorSigning(house), "POST", "/v1/rounds", broken);
    const view = await draft();
    const database = new DatabaseSync(join(house.dataDir, "aquila.db"));
    database.exec("UPDATE rounds SET ending = '{}' WHERE id = 'broken'");
    database.close();
    house.clock = () => new Date(Date.parse(view.descriptor.deadlines.keys) + 1_000);
    while ((await shown()).state !== "erased");
    expect(await shown()).toMatchObject({ ending: { reason: "expired", parties: [] } });
    expect(server.log.join("")).toContain("a deadline cannot be worked off");
  });
});

describe("an act that was cut off", () => {
  const change = async (...statements: string[]): Promise<void> => {
    await server.app.close();
    const database = new DatabaseSync(join(house.dataDir, "aquila.db"));
    for (const statement of statements) database.exec(statement);
    database.close();
    server = await startServer(house);
  };

  it("between an attempt's end and its erasure goes on at the next start", async () => {
    await reviewed();
    await change(`UPDATE rounds SET ending = '{"reason":"cancelled","parties":[],"evidence":[],"raised":null}'`);
    expect(await shown()).toMatchObject({ state: "erased", ending: { reason: "cancelled" } });
  });

  it("between an early erasure's second approval and the erasure goes on at the next start", async () => {
    const view = await released();
    await approveOnce(house, server.url, "erase", view, 0);
    await change(
      `INSERT INTO approvals SELECT round, act, 'op-2', signature FROM approvals WHERE act = 'erase' AND operator = 'op-1'`,
    );
    expect((await shown()).state).toBe("erased");
    const certificate = await send(server.url, partySigning(house, "AT"), "GET", `${ROUND}/certificate`);
    expect(JSON.parse(certificate.text)).toMatchObject({ outcome: "erased" });
  });

  it("between the follow-up and the erasure goes on at the next start", async () => {
    await released();
    await change(`UPDATE rounds SET state = 'followed-up'`);
    expect((await shown()).state).toBe("erased");
  });
});
