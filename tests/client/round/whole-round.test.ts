/**
 * A whole round of three parties by their own walk over a real secretariat that loses an answer to every kind of request,
 * each step called twice: hits, proofs, corroboration, statuses and what is left of it in the vaults.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "#client/http.ts";
import { resultsOf, statusesByHit, type ResultRow } from "#client/results.ts";
import { tidyVault } from "#client/retention.ts";
import type { Vault } from "#client/vault.ts";
import type { Standing } from "#client/walk.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { ReportList } from "#engine/round/messages.ts";
import { signStatement } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { officerSigning, PARTIES } from "../../server/harness.ts";
import { send } from "../../server/requests.ts";
import {
  closeTable,
  connectAs,
  listOf,
  openTable,
  playRound,
  range,
  vaultOfParty,
  walkOnce,
  type Lists,
  type Table,
} from "./table.ts";

const EARLIER = "whole-1";
const ROUND = "whole-2";
/** So that it is the walk that has to do it again. */
const ONCE = { attempts: 1, pauseMs: 0, longestPauseMs: 0 };
const DAY_MS = 86_400_000;
/** Calls in which a walk that loses an answer of each kind has to come to its end. */
const MOST_CALLS = 40;

/** People that AT and HR share, by what they find out of each other's origins. */
const PLANTED = {
  "known-before": range(10, 13),
  independent: range(13, 16),
  "same-origin": range(16, 19),
  "origin-unknown": range(19, 22),
};
const PEOPLE_OF: Readonly<Record<string, number[]>> = { AT: range(0, 22), HR: range(10, 34), SI: range(30, 50) };

let table: Table;
let descriptor: RoundDescriptor;
const connections = new Map<string, { connection: Connection; lost: Set<string> }>();
const standings = new Map<string, Standing>();

beforeAll(async () => {
  table = await openTable();
  const earlier: Lists = new Map(
    PARTIES.map((party) => [
      party,
      listOf(party, party === "SI" ? range(40, 45) : PLANTED["known-before"], withOrigin(party)),
    ]),
  );
  await playRound(table, EARLIER, async () => {
    for (let call = 0; call < 3; call++)
      for (const party of PARTIES)
        await walkOnce(vaultOfParty(table, party), connectAs(table, party), EARLIER, earlier);
  });
  const lists: Lists = new Map(
    PARTIES.map((party) => [party, listOf(party, PEOPLE_OF[party] ?? [], withOrigin(party))]),
  );
  for (const party of PARTIES) {
    const { fetch, lost } = losingFetch();
    connections.set(party, { connection: connectAs(table, party, { fetch, retry: ONCE }), lost });
  }
  // The next round begins after the earlier one.
  table.house.clock = () => new Date(Date.now() + 60_000);
  descriptor = await playRound(table, ROUND, async () => {
    for (let turn = 0; turn < 3; turn++)
      for (const party of PARTIES) {
        const { connection } = connectionOf(party);
        await walkThrough(vaultOfParty(table, party), connection, lists);
        standings.set(party, await walkThrough(vaultOfParty(table, party), connection, lists));
      }
  });
});
afterAll(() => closeTable(table));

function connectionOf(party: string): { connection: Connection; lost: Set<string> } {
  const found = connections.get(party);
  if (found === undefined) throw new RangeError(`no connection of ${party}`);
  return found;
}

/** An origin of each party's own, but for some people of whom both have one origin's word, and some of none that is known. */
function withOrigin(party: string): (person: number) => { origin_ref: string; information_accuracy: "4" } {
  return (person) => ({
    information_accuracy: "4",
    origin_ref: PLANTED["origin-unknown"].includes(person)
      ? ""
      : PLANTED["same-origin"].includes(person)
        ? `int ${person}`
        : `${party}-INT-${person}`,
  });
}

/** Does what it is asked, then loses the first answer to each kind of request. */
function losingFetch(): { fetch: typeof globalThis.fetch; lost: Set<string> } {
  const lost = new Set<string>();
  return {
    lost,
    fetch: async (input, init) => {
      const { pathname } = input instanceof URL ? input : new URL(input instanceof Request ? input.url : input);
      const kind = `${init?.method ?? "GET"} ${pathname.replace(`/v1/rounds/${ROUND}`, "").replace(/\/[A-Z]{2}\b/g, "")}`;
      const response = await fetch(input, init);
      if (lost.has(kind)) return response;
      lost.add(kind);
      await response.body?.cancel();
      throw new TypeError("fetch failed");
    },
  };
}

/** Calls the walk again as long as answers are lost. */
async function walkThrough(vault: Vault, connection: Connection, lists: Lists): Promise<Standing> {
  for (let call = 0; call < MOST_CALLS; call++)
    try {
      return await walkOnce(vault, connection, ROUND, lists);
    } catch (error) {
      expect(error).toMatchObject({ code: "server-unreachable" });
    }
  throw new RangeError(`the walk did not come to its end in ${MOST_CALLS} calls`);
}

const rowsOf = (party: string): ResultRow[] =>
  resultsOf(vaultOfParty(table, party), ROUND, SHIPPED_PROFILE, new Date());

/** References of the hits of `party` with `counterpart` that have this finding. */
function found(party: string, counterpart: string, finding?: ResultRow["finding"]): string[] {
  return rowsOf(party)
    .filter((row) => row.counterpart === counterpart && (finding === undefined || row.finding === finding))
    .flatMap(({ refs }) => refs)
    .sort();
}

const refsOf = (party: string, people: readonly number[]): string[] => people.map((each) => `${party}-${each}`).sort();

test("an answer of each kind was lost at each party, and every walk is done", () => {
  for (const party of PARTIES) {
    expect(standings.get(party)).toMatchObject({ state: "done" });
    expect([...connectionOf(party).lost].sort()).toEqual([
      "GET ",
      "GET /answers",
      "GET /batches",
      "GET /packages",
      "GET /packages/keys",
      "GET /v1/audit/consistency",
      "PUT /acknowledgements",
      "PUT /answers",
      "PUT /batches/chunks/0",
      "PUT /batches/manifest",
      "PUT /confirmations",
      "PUT /keys",
      "PUT /seals",
    ]);
  }
});

test("each pairing's hits are the people whom both lists have, all proven; decoys are gone and nothing is reported", async () => {
  for (const [party, counterpart] of [
    ["AT", "HR"],
    ["AT", "SI"],
    ["HR", "SI"],
  ] as const) {
    const shared = (PEOPLE_OF[party] ?? []).filter((person) => PEOPLE_OF[counterpart]?.includes(person));
    expect(found(party, counterpart)).toEqual(refsOf(party, shared));
    expect(found(counterpart, party)).toEqual(refsOf(counterpart, shared));
  }
  for (const party of PARTIES) {
    expect(rowsOf(party).filter(({ finding }) => finding === "unproven" || finding === "waiting")).toEqual([]);
    for (const { counterpart } of vaultOfParty(table, party).pairings(ROUND) ?? []) {
      const section = vaultOfParty(table, party).section(ROUND, counterpart);
      expect(section).toMatchObject({ decoys: 2, decoysMissing: 0 });
      expect(section?.hitCount).toBe((section?.hits.length ?? 0) + 2);
    }
  }
  const reports = await send(table.server.url, officerSigning(table.house), "GET", `/v1/rounds/${ROUND}/reports`);
  expect(ReportList.parse(JSON.parse(reports.text))).toEqual([]);
});

test("corroboration is as planted, the same at both sides", () => {
  for (const [party, counterpart] of [
    ["AT", "HR"],
    ["HR", "AT"],
  ] as const) {
    for (const [finding, people] of Object.entries(PLANTED))
      expect(found(party, counterpart, finding as ResultRow["finding"]), finding).toEqual(refsOf(party, people));
    for (const row of rowsOf(party))
      expect(row.proposedAccuracy, row.finding).toBe(row.finding === "independent" ? "3" : null);
  }
  expect(found("HR", "SI", "independent")).toEqual(refsOf("HR", range(30, 34)));
});

test("statuses are seen by both sides", async () => {
  const hit = rowsOf("AT").find(({ counterpart }) => counterpart === "HR")?.hit ?? "";
  const said = [
    ["AT", "confirmed"],
    ["HR", "channel-siena"],
  ] as const;
  for (const [party, status] of said) {
    const statement = { hit, party, round: ROUND, status };
    const signed = signStatement(vaultOfParty(table, party).identity, "status", statement);
    await connectAs(table, party).putStatuses(ROUND, party, [signed]);
  }
  const seenBy = async (party: string): Promise<unknown> =>
    statusesByHit(vaultOfParty(table, party), ROUND, await connectAs(table, party).statuses(ROUND, party)).get(hit);
  expect(await seenBy("AT")).toEqual({ own: "confirmed", theirs: "channel-siena" });
  expect(await seenBy("HR")).toEqual({ own: "channel-siena", theirs: "confirmed" });
});

test("what proves goes after the follow-up, and every hit after the retention", () => {
  const vault = vaultOfParty(table, "AT");
  const before = rowsOf("AT");
  const followUp = Date.parse(descriptor.deadlines.followUp);
  expect(tidyVault(vault, new Date(followUp))).toEqual([]);
  expect(vault.pairings(ROUND)?.every(({ keyProof }) => keyProof !== null)).toBe(true);

  expect(tidyVault(vault, new Date(followUp + 1_000))).toEqual([]);
  expect(vault.pairings(ROUND)?.map(({ keyTag, keyProof }) => [keyTag, keyProof])).toEqual([
    [null, null],
    [null, null],
  ]);
  expect([...vault.ownCells(ROUND, "HR")]).toEqual([]);
  expect(vault.packageBox(ROUND)).toBeNull();
  expect(vault.answersBox(ROUND, "HR")).toBeNull();
  expect(rowsOf("AT"), "hits can still be read").toEqual(before);

  const kept = Date.parse(descriptor.deadlines.release) + descriptor.retentionDays * DAY_MS;
  expect(tidyVault(vault, new Date(kept))).not.toContain(ROUND);
  expect(tidyVault(vault, new Date(kept + 1_000))).toContain(ROUND);
  expect(vault.rounds()).toEqual([]);
  expect(() => rowsOf("AT")).toThrow(expect.objectContaining({ code: "package-unavailable" }));
});
