/**
 * After the hit: statuses by hit id, reports to the officers, the log, and the counts that remain.
 */
import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Status } from "#engine/round/acts.ts";
import { RoundLog, FollowUp, ReportList, StatusList, type RoundView } from "#engine/round/messages.ts";
import { signStatement } from "#engine/round/statement.ts";
import { acknowledge, approve, matchRound, openedHits, putStatuses, sealedRound } from "./acts.ts";
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
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Answer, type Signing } from "./requests.ts";

let house: House;
let server: RunningServer;
let count = 0;
let view: RoundView;
let hits: readonly string[];
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});
/** AT has five hits with HR and with SI, opened with HR alone. */
beforeEach(async () => {
  const id = `follow-${count++}`;
  await sealedRound(house, server.url, makeDescriptor(house, { id }), () => people(5));
  view = viewIn(await approve(house, server.url, "release", await matchRound(house, server.url, id)));
  for (const party of ["AT", "HR"]) await acknowledge(house, server.url, party, view);
  hits = ((await openedHits(house, server.url, "AT", id)).get("HR") ?? []).map(({ hit }) => hit);
});
afterEach(() => {
  house.clock = () => new Date();
});

const ask = (signing: Signing, path: string): Promise<Answer> =>
  send(server.url, signing, "GET", `/v1/rounds/${view.descriptor.id}${path}`);
const say = (party: string, ...said: [string, Status["status"]][]): Promise<Answer> =>
  putStatuses(house, server.url, party, view.descriptor.id, said);
const hitAt = (at: number): string => hits[at] ?? "";

async function seenBy(party: string): Promise<string[]> {
  const statuses = StatusList.parse(JSON.parse((await ask(partySigning(house, party), `/statuses/${party}`)).text));
  return statuses.map(({ hit, party: author, status }) => `${hits.indexOf(hit)} ${author} ${status}`).sort();
}

describe("statuses", () => {
  it("are seen by both sides, and a later one takes the place of the earlier", async () => {
    expect((await say("AT", [hitAt(0), "acknowledged"], [hitAt(1), "confirmed"])).status).toBe(204);
    expect(await seenBy("HR")).toEqual(["0 AT acknowledged", "1 AT confirmed"]);
    expect((await say("AT", [hitAt(0), "channel-siena"])).status).toBe(204);
    expect((await say("HR", [hitAt(0), "refuted"])).status).toBe(204);
    for (const party of ["AT", "HR"])
      expect(await seenBy(party), party).toEqual(["0 AT channel-siena", "0 HR refuted", "1 AT confirmed"]);
    expect(await seenBy("SI")).toEqual([]);
  });

  it("of hits that are not the party's, or not opened, are refused, all of them", async () => {
    const unknown = randomBytes(16).toString("base64url");
    expect(codeOf(await say("AT", [hitAt(0), "confirmed"], [unknown, "confirmed"]))).toBe("hit-unknown");
    expect(codeOf(await say("SI", [hitAt(0), "confirmed"])), "another pairing's").toBe("hit-unknown");
    expect(await seenBy("AT")).toEqual([]);
  });

  it("are signed by the party, for this round", async () => {
    const { id } = view.descriptor;
    const put = (body: unknown): Promise<Answer> =>
      send(server.url, partySigning(house, "AT"), "PUT", `/v1/rounds/${id}/statuses/AT`, body);
    const body = { hit: hitAt(0), party: "AT", round: id, status: "confirmed" as const };
    const signed = signStatement(identityOf(house, "AT"), "status", body);
    const wrong: unknown[] = [
      [signStatement(identityOf(house, "HR"), "status", body)],
      [{ ...signed, status: "refuted" }],
      [signStatement(identityOf(house, "AT"), "status", { ...body, round: "another" })],
      [signStatement(identityOf(house, "HR"), "status", { ...body, party: "HR" })],
      [signed, { ...signed, hit: hitAt(1) }],
    ];
    for (const statuses of wrong) expect(codeOf(await put(statuses))).toBe("statement-signature");
    for (const statuses of [[], Array(101).fill(signed), [{ ...signed, status: "arrested" }]])
      expect(codeOf(await put(statuses))).toBe("request-invalid");
    expect(await seenBy("AT")).toEqual([]);
  });

  it("are not taken after the follow-up's deadline", async () => {
    house.clock = () => new Date(Date.parse(view.descriptor.deadlines.followUp) + 1_000);
    expect(codeOf(await say("AT", [hitAt(0), "confirmed"]))).toBe("round-deadline");
  });
});

describe("reports", () => {
  const report = (party: string, changes: object = {}): Promise<Answer> => {
    const body = {
      count: 1,
      kind: "unproven" as const,
      of: 5,
      pairing: ["AT", "HR"],
      party,
      round: view.descriptor.id,
      t2: view.t2 ?? "",
      ...changes,
    };
    const signed = signStatement(identityOf(house, party), "report", body);
    return send(server.url, partySigning(house, party), "PUT", `/v1/rounds/${body.round}/reports/${party}`, signed);
  };

  it("reach the officers, signed, and nobody else; the same kind again takes the earlier one's place", async () => {
    expect((await report("AT")).status).toBe(204);
    expect((await report("AT", { count: 2 })).status).toBe(204);
    expect((await report("HR", { kind: "decoy-missing", count: 1, of: 2 })).status).toBe(204);
    const seen = ReportList.parse(JSON.parse((await ask(officerSigning(house), "/reports")).text));
    expect(seen.map(({ party, kind, count: found, of }) => [party, kind, found, of])).toEqual([
      ["AT", "unproven", 2, 5],
      ["HR", "decoy-missing", 1, 2],
    ]);
    for (const signing of [operatorSigning(house), partySigning(house, "AT")])
      expect(codeOf(await ask(signing, "/reports"))).toBe("request-forbidden");
  });

  it("are of the party's own pairings, for this T2, and of no more than there are", async () => {
    expect(codeOf(await report("SI"))).toBe("statement-signature");
    expect(codeOf(await report("AT", { t2: "A".repeat(43) }))).toBe("statement-signature");
    expect(codeOf(await report("HR", { pairing: ["HR", "SI"] }))).toBe("pairing-unknown");
    expect(codeOf(await report("AT", { count: 6 }))).toBe("request-invalid");
    expect(JSON.parse((await ask(officerSigning(house), "/reports")).text)).toEqual([]);
  });
});

describe("the log", () => {
  it("tells officers what was done, in order, and nobody else; never a hit, a handle or a key", async () => {
    await say("AT", [hitAt(0), "confirmed"]);
    const answer = await ask(officerSigning(house), "/log");
    const log = RoundLog.parse(JSON.parse(answer.text));
    expect(log.map(({ actor, act }) => `${actor} ${act}`)).toEqual([
      "operator:op-1 created",
      "operator:op-1 approved-open",
      "operator:op-2 approved-open",
      "server opened",
      ...["AT", "HR", "SI"].map((party) => `party:${party} round-key`),
      ...["AT", "AT", "HR", "SI"].map((party) => `party:${party} confirmation`),
      ...["AT", "HR", "AT", "SI"].map((party) => `party:${party} batch-stored`),
      "operator:op-1 sealed",
      ...["AT", "HR", "SI"].map((party) => `party:${party} seal`),
      "operator:op-1 matching",
      "server matched",
      "operator:op-1 approved-release",
      "operator:op-2 approved-release",
      "server released",
      "server statistics-published",
      "party:AT package-sent",
      "party:AT acknowledged",
      "party:HR package-sent",
      "party:HR acknowledged",
      "server pairing-opened",
      "party:AT package-sent",
      "party:AT keys-sent",
      "party:AT statuses-stored",
      "officer:dpo-1 log-read",
    ]);
    expect(log.find(({ act }) => act === "keys-sent")).toMatchObject({
      about: "HR",
      justification: "Convention, Article 9",
      operation: "disclosure",
      purpose: "terrorism",
      recipients: ["party:AT"],
    });
    for (const hit of hits) expect(answer.text).not.toContain(hit);
    for (const signing of [operatorSigning(house), partySigning(house, "AT")])
      expect(codeOf(await ask(signing, "/log"))).toBe("request-forbidden");
  });
});

describe("the follow-up", () => {
  it("counts hits of opened pairings: both confirmed, either refuted, the rest", async () => {
    await say(
      "AT",
      [hitAt(0), "confirmed"],
      [hitAt(1), "confirmed"],
      [hitAt(2), "refuted"],
      [hitAt(3), "acknowledged"],
    );
    await say("HR", [hitAt(0), "confirmed"], [hitAt(1), "refuted"], [hitAt(3), "confirmed"]);
    expect(viewIn(await approve(house, server.url, "erase", view)).state).toBe("erased");
    for (const signing of [operatorSigning(house), officerSigning(house)])
      expect(FollowUp.parse(JSON.parse((await ask(signing, "/follow-up")).text))).toEqual([
        { band: "high", confirmed: 1, refuted: 2, open: 2 },
        { band: "medium", confirmed: 0, refuted: 0, open: 0 },
        { band: "low", confirmed: 0, refuted: 0, open: 0 },
      ]);
    expect(codeOf(await ask(partySigning(house, "AT"), "/follow-up"))).toBe("request-forbidden");
    expect(codeOf(await say("AT", [hitAt(4), "confirmed"]))).toBe("round-state");
  });
});
