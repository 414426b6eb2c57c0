/**
 * A party's walk beside others who go on in the middle of its steps, who never come, and with whom it has no agreement.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { agreeKeys } from "#client/agree.ts";
import type { Connection } from "#client/http.ts";
import { acknowledgePackage } from "#client/release.ts";
import { resultsOf } from "#client/results.ts";
import type { Standing } from "#client/walk.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { openPackage } from "#engine/round/package.ts";
import { ReportList } from "#engine/round/messages.ts";
import { officerSigning, operatorSigning, PARTIES, viewIn } from "../../server/harness.ts";
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

const LISTS: Lists = new Map(PARTIES.map((party) => [party, listOf(party, range(0, 12))]));

let table: Table;
beforeAll(async () => {
  table = await openTable();
});
afterAll(() => closeTable(table));

/** Every party walks as far as it can. */
async function walkAll(round: string): Promise<Standing[]> {
  const standings: Standing[] = [];
  for (let call = 0; call < 3; call++)
    for (const party of PARTIES)
      standings.push(await walkOnce(vaultOfParty(table, party), connectAs(table, party), round, LISTS));
  return standings;
}

test("encodes and submits nothing after the deadline for it, whatever the server says", async () => {
  const table = await openTable();
  try {
    const lists: Lists = new Map(PARTIES.map((party) => [party, listOf(party, range(0, 12))]));
    const at = vaultOfParty(table, "AT");
    const connection = connectAs(table, "AT");
    const round = "walk-late";
    const ended = new Error("ended here");
    const played = playRound(table, round, async () => {
      for (let call = 0; call < 3; call++)
        for (const party of PARTIES) {
          const vault = vaultOfParty(table, party);
          const digests = [SHIPPED_PROFILE_DIGEST];
          await agreeKeys(connectAs(table, party), vault, vault.roster(), round, digests, table.house.clock());
        }
      const { descriptor } = await connection.round(round);
      const late = new Date(Date.parse(descriptor.deadlines.submission) + 1_000);
      await expect(walkOnce(at, connection, round, lists, late)).rejects.toMatchObject({ code: "round-deadline" });
      expect(at.holdsHandleMap(round, "HR")).toBe(false);
      const { batches, state } = await connection.round(round);
      expect(state).toBe("submitting");
      expect(batches.filter(({ state: of }) => of !== "absent")).toEqual([]);
      throw ended;
    });
    await expect(played).rejects.toBe(ended);
  } finally {
    await closeTable(table);
  }
});

test("is not done when a pairing opens just after its key was asked for", async () => {
  const round = "walk-1";
  const at = vaultOfParty(table, "AT");
  const connection = connectAs(table, "AT");
  const others = PARTIES.filter((party) => party !== "AT");
  const overtaken: Connection = {
    ...connection,
    packageKeys: async (id, party) => {
      const keys = await connection.packageKeys(id, party);
      for (const other of others) await acknowledgePackage(connectAs(table, other), vaultOfParty(table, other), id);
      return keys;
    },
  };
  const standings: Standing[] = [];
  await playRound(table, round, async (turn) => {
    if (turn === "released") standings.push(await walkOnce(at, overtaken, round, LISTS));
    standings.push(...(await walkAll(round)));
  });
  const first = standings.findIndex(({ results }) => results !== null);
  expect(standings[first]).toMatchObject({ state: "waiting", results: { opened: { closed: others } } });
  expect(standings.slice(-PARTIES.length).map(({ state }) => state)).toEqual(["done", "done", "done"]);
  expect(resultsOf(at, round, SHIPPED_PROFILE, new Date())).toHaveLength(12 * others.length);
});

test("meets no key, no batch, no tile and no section of a pairing without agreement; one who never comes ends it at the deadline", async () => {
  const round = "walk-2";
  const { house, server } = table;
  const [hr, at] = [vaultOfParty(table, "HR"), vaultOfParty(table, "AT")];
  const pairings: [string, string][] = [
    ["AT", "HR"],
    ["AT", "SI"],
  ];
  const { deadlines } = await playRound(
    table,
    round,
    async (turn) => {
      if (turn !== "released") await walkAll(round);
    },
    { pairings },
  );
  expect(hr.pairings(round)?.map(({ counterpart }) => counterpart)).toEqual(["AT"]);
  expect([...hr.ownCells(round, "SI")]).toEqual([]);
  const view = viewIn(await send(server.url, operatorSigning(house), "GET", `/v1/rounds/${round}`));
  const directions = ["AT-HR", "AT-SI", "HR-AT", "SI-AT"];
  for (const list of [view.confirmations, view.batches, view.sealed])
    expect(list.map(({ from, to }) => `${from}-${to}`).sort()).toEqual(directions);
  const matched = server.log.filter((line) => line.includes(round) && line.includes("pairing matched"));
  expect(matched.map((line) => (JSON.parse(line) as { pairing: string }).pairing).sort()).toEqual(["AT-HR", "AT-SI"]);
  const sealed = await connectAs(table, "HR").fetchPackage(round, "HR");
  expect((await openPackage(sealed, hr.identity)).sections.map(({ counterpart }) => counterpart)).toEqual(["AT"]);

  const waiting = await walkOnce(at, connectAs(table, "AT"), round, LISTS);
  expect(waiting).toMatchObject({ state: "waiting", results: { opened: { closed: ["HR", "SI"], faults: [] } } });
  const late = new Date(Date.parse(deadlines.acknowledgements) + 2 * 60_000);
  house.clock = () => late;
  const faults = ["HR", "SI"].map((counterpart) => ({ counterpart, kind: "not-opened", count: 1, of: 1 }));
  // The server has not closed the pairings yet.
  const done = await walkOnce(at, connectAs(table, "AT"), round, LISTS, late);
  expect(done).toMatchObject({ state: "done", results: { opened: { faults } } });
  const answer = await send(server.url, officerSigning(house), "GET", `/v1/rounds/${round}/reports`);
  expect(ReportList.parse(JSON.parse(answer.text)).map(({ kind }) => kind)).toEqual(["not-opened", "not-opened"]);
});
