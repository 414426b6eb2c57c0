/**
 * Protected statistics at the secretariat: the yearly budget in the store, and who may publish and read what.
 */
import { join } from "node:path";
import { randomFillSync } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { parseRational, sumOf } from "#engine/statistics/budget.ts";
import { YearStatistics, type PartyStatistics } from "#engine/statistics/published.ts";
import type { PairingCounts } from "#engine/statistics/release.ts";
import { releaseRoundStatistics, statisticsOf, storePartyStatistics } from "#server/statistics.ts";
import { openAuditLog, type AuditLog } from "#server/audit.ts";
import { openServerKey, signingKeysOf } from "#server/data-key.ts";
import { openStore } from "#server/store/open.ts";
import { moveRound } from "#server/store/rounds.ts";
import { listStatistics } from "#server/store/statistics.ts";
import type { Store } from "#server/store/tables.ts";
import {
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  removeHouse,
  startServer,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Signing } from "./requests.ts";

const COUNTS: PairingCounts[] = [
  { pairing: ["AT", "HR"], counts: { high: 4_217, medium: 0, low: 3 } },
  { pairing: ["AT", "SI"], counts: { high: 9_000, medium: 500, low: 0 } },
];

function statisticsFor(round: string, party: string, changes: Partial<PartyStatistics> = {}): PartyStatistics {
  return {
    categories: { suspect: 412 },
    counterparts: { one: 371, two: 58, three: null, "four-or-more": null },
    epsilon: "1/6",
    format: "aquila/statistics/v1",
    party,
    riskIndicators: {
      armed: 103,
      violent: 77,
      "escape-risk": null,
      financer: null,
      recruiter: null,
      "foreign-fighter": null,
    },
    round,
    ...changes,
  };
}

/** Opens the database of a house whose server is closed. */
function storeOf(house: House): Promise<Store> {
  return openStore(join(house.dataDir, "aquila.db"));
}

/** The audit log of a house whose server is closed. */
function auditOf(house: House, store: Store, clock: () => Date): Promise<AuditLog> {
  const keys = signingKeysOf(openServerKey(join(house.folder, "keys", "server.key")));
  return openAuditLog(store, keys, clock, join(house.folder, "keys", "tree-head.json"), false);
}

/** A house with drafts of these ids, made by a server that is closed again. */
async function houseWith(ids: readonly string[]): Promise<{ house: House; drafts: RoundDescriptor[] }> {
  const house = makeHouse();
  const server = await startServer(house);
  const drafts = ids.map((id) => makeDescriptor(house, { id }));
  for (const draft of drafts) await send(server.url, operatorSigning(house), "POST", "/v1/rounds", draft);
  await server.app.close();
  return { house, drafts };
}

describe("the yearly budget", () => {
  const ids = Array.from({ length: 12 }, (_, at) => `round-${at}`);
  let house: House;
  let drafts: RoundDescriptor[];
  let store: Store;
  let audit: AuditLog;
  let now: Date;
  const clock = () => now;
  beforeEach(async () => {
    ({ house, drafts } = await houseWith(ids));
    store = await storeOf(house);
    for (const id of ids) await moveRound(store, id, "draft", "released");
    now = new Date("2026-12-31T23:59:59.999Z");
    audit = await auditOf(house, store, clock);
    return async () => {
      await store.destroy();
      removeHouse(house);
    };
  });

  const releaseHitsOf = (at: number): Promise<void> => {
    const descriptor = drafts[at];
    if (descriptor === undefined) throw new RangeError(`no draft ${at}`);
    return store
      .transaction()
      .execute((transaction) =>
        releaseRoundStatistics(
          transaction,
          { audit, clock },
          { id: descriptor.id, descriptor },
          COUNTS,
          randomFillSync,
        ),
      );
  };
  const sendHistogram = (at: number, party: string): Promise<void> => {
    const id = `round-${at}`;
    return storePartyStatistics({ store, clock, audit }, id, { kind: "party", id: party }, statisticsFor(id, party));
  };
  const spentIn = async (year: number): Promise<string> => (await statisticsOf({ store }, year)).budget.spent;

  it("takes outputs to its last part, refuses what is beyond, and begins anew with the year", async () => {
    for (const at of [0, 1, 2, 3, 4, 5, 6]) await releaseHitsOf(at);
    for (const party of ["AT", "HR"]) await sendHistogram(0, party);
    expect(await spentIn(2026)).toBe("23/6");
    await expect(releaseHitsOf(7)).rejects.toMatchObject({ code: "statistics-budget-spent" });
    await sendHistogram(0, "SI");
    expect(await spentIn(2026)).toBe("4/1");
    await expect(sendHistogram(1, "AT")).rejects.toMatchObject({ code: "statistics-budget-spent" });
    expect(await listStatistics(store, 2026)).toHaveLength(10);

    now = new Date("2027-01-01T00:00:00.000Z");
    await sendHistogram(1, "AT");
    await releaseHitsOf(7);
    expect([await spentIn(2026), await spentIn(2027)]).toEqual(["4/1", "2/3"]);
  });

  it("is never passed by spends at once", async () => {
    const outputs = ids.flatMap((_, at) => [
      () => releaseHitsOf(at),
      ...["AT", "HR", "SI"].map((party) => () => sendHistogram(at, party)),
    ]);
    const outcomes = await Promise.allSettled(outputs.map((output) => output()));
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    for (const { reason } of refused) expect(reason).toMatchObject({ code: "statistics-budget-spent" });
    const rows = await listStatistics(store, 2026);
    expect(rows).toHaveLength(outcomes.length - refused.length);
    expect(sumOf(rows.map(({ epsilon }) => parseRational(epsilon)))).toEqual(parseRational("4/1"));
  });

  it("is charged once for a round's hits: a second release draws no second noise", async () => {
    await releaseHitsOf(0);
    const [first] = await listStatistics(store, 2026);
    now = new Date("2027-01-01T00:00:00.000Z");
    await Promise.all([releaseHitsOf(0), releaseHitsOf(0)]);
    expect(await listStatistics(store, 2026)).toEqual([first]);
    expect(await listStatistics(store, 2027)).toEqual([]);
  });

  it("is charged for figures that hold no exact figure under ten, and exact counts are not stored", async () => {
    await releaseHitsOf(0);
    const { hits } = await statisticsOf({ store }, 2026);
    expect(hits).toMatchObject([{ round: "round-0", epsilon: "1/2", errorBar: 36, releasedAt: now.toISOString() }]);
    const figures = hits[0]?.figures ?? [];
    expect(figures.map(({ pairing, band }) => `${pairing.join("-")} ${band}`)).toEqual([
      ...["AT-HR high", "AT-HR medium", "AT-HR low", "AT-SI high", "AT-SI medium", "AT-SI low"],
    ]);
    for (const { hits: value } of figures) expect(value ?? 10).toBeGreaterThanOrEqual(10);
    // The chance that noise of scale 12 passes 400 is e^-33.
    expect(Math.abs((figures[0]?.hits ?? 0) - 4_217)).toBeLessThan(400);
    expect(Math.abs((figures[4]?.hits ?? 0) - 500)).toBeLessThan(400);
  });
});

describe("statistics over HTTP", () => {
  let house: House;
  let server: RunningServer;
  beforeAll(async () => {
    ({ house } = await houseWith(["released", "draft"]));
    const store = await storeOf(house);
    await moveRound(store, "released", "draft", "released");
    const descriptor = makeDescriptor(house, { id: "released" });
    const clock = (): Date => new Date();
    const audit = await auditOf(house, store, clock);
    await releaseRoundStatistics(store, { audit, clock }, { id: "released", descriptor }, COUNTS, randomFillSync);
    await store.destroy();
    server = await startServer(house);
    const pair = ["AT", "HR"].map((id) => ({ id, declaredRecords: 90 }));
    const foreign = makeDescriptor(house, { id: "foreign", parties: pair, pairings: [["AT", "HR"]] });
    await send(server.url, operatorSigning(house), "POST", "/v1/rounds", foreign);
  });
  afterAll(async () => {
    await server.app.close();
    removeHouse(house);
  });

  const put = (signing: Signing, round: string, party: string, body: unknown) =>
    send(server.url, signing, "PUT", `/v1/rounds/${round}/statistics/${party}`, body);
  const year = new Date().getUTCFullYear();
  const get = (signing: Signing, query = `?year=${year}`) => send(server.url, signing, "GET", `/v1/statistics${query}`);
  const published = async (): Promise<YearStatistics> =>
    YearStatistics.parse(JSON.parse((await get(operatorSigning(house))).text));

  it("a party publishes its own histogram, once", async () => {
    const at = partySigning(house, "AT");
    const sent = statisticsFor("released", "AT");
    expect((await put(at, "released", "AT", sent)).status).toBe(204);
    const before = await published();
    expect(before.parties).toMatchObject([{ ...sent, errorBar: 72, field: "terrorism" }]);
    expect(before.hits).toMatchObject([{ field: "terrorism" }]);
    expect(before.budget).toEqual({ limit: "4/1", spent: "2/3" });
    expect((await put(at, "released", "AT", sent)).status, "the same again").toBe(204);
    const other = { ...sent, categories: { suspect: 413 } };
    expect(codeOf(await put(at, "released", "AT", other))).toBe("statistics-conflict");
    expect(await published()).toEqual(before);
  });

  it("are shown alike to every party and operator, and to nobody else", async () => {
    const shown = (await get(operatorSigning(house))).text;
    for (const party of ["AT", "HR", "SI"]) expect((await get(partySigning(house, party))).text).toBe(shown);
    expect(codeOf(await get({ ...partySigning(house, "AT"), keyId: "party:XX" }))).toBe("request-signature");
    expect((await fetch(`${server.url}/v1/statistics?year=${year}`)).status).toBe(401);
  });

  it("name the field of crime and not the purpose, which is the round's own", async () => {
    const { text } = await get(operatorSigning(house));
    expect(text).not.toContain(makeDescriptor(house, { id: "released" }).purpose);
    expect(text).not.toContain("purpose");
  });

  it("are those of the year that is asked for", async () => {
    const other = await get(operatorSigning(house), "?year=2001");
    expect(JSON.parse(other.text)).toEqual({
      budget: { limit: "4/1", spent: "0/1" },
      hits: [],
      parties: [],
      year: 2001,
    });
    for (const query of ["", "?year=", "?year=26", "?year=2026&year=2027", "?year=2026&party=AT"])
      expect(codeOf(await get(operatorSigning(house), query)), query).toBe("request-invalid");
  });

  it.each<[string, string, string, string, Partial<PartyStatistics>, string]>([
    ["of another party", "HR", "released", "AT", { party: "AT" }, "not-found"],
    ["of another party, in its own body", "HR", "released", "HR", { party: "AT" }, "request-invalid"],
    ["of another round in its body", "HR", "released", "HR", { round: "draft" }, "request-invalid"],
    ["of a round that is not released", "HR", "draft", "HR", {}, "round-state"],
    ["of a foreign round", "SI", "foreign", "SI", {}, "round-unknown"],
    ["of a foreign round and party", "SI", "foreign", "AT", { party: "AT" }, "round-unknown"],
    ["of no round", "HR", "unknown", "HR", {}, "round-unknown"],
    ["for another ε", "HR", "released", "HR", { epsilon: "1/7" }, "request-invalid"],
    ["for ε in other terms", "HR", "released", "HR", { epsilon: "2/12" }, "request-invalid"],
    ["with a category of no round", "HR", "released", "HR", { categories: { other: 20 } }, "request-invalid"],
    ["without a category", "HR", "released", "HR", { categories: {} }, "request-invalid"],
    ["with a figure under ten", "HR", "released", "HR", { categories: { suspect: 9 } }, "request-invalid"],
  ])("a histogram %s is refused", async (_name, caller, round, party, changes, code) => {
    const before = await published();
    const body = { ...statisticsFor(round, party), ...changes };
    expect(codeOf(await put(partySigning(house, caller), round, party, body))).toBe(code);
    expect(await published()).toEqual(before);
  });

  it("an operator publishes no histogram", async () => {
    const body = statisticsFor("released", "HR");
    expect(codeOf(await put(operatorSigning(house), "released", "HR", body))).toBe("request-forbidden");
  });

  it("no log line holds a figure of them", () => {
    expect(server.log.join("")).not.toMatch(/\b(412|371|103|4217)\b/);
  });
});
