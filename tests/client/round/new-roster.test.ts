/**
 * A party that pins another roster in the midst of a round: this round goes on under its own, a new one is refused.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EncodedList } from "#engine/encode/list.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { rosterEntryOf, signRoster } from "#engine/round/roster.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { describeRound } from "#fixtures/cast.ts";
import { operatorSigning } from "../../server/harness.ts";
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
  type Table,
} from "./table.ts";

let table: Table;
const lists = new Map<string, EncodedList>();
beforeAll(async () => {
  table = await openTable();
  for (const party of ["AT", "HR"]) lists.set(party, listOf(party, range(0, 10)));
});
afterAll(() => closeTable(table));

const walk = (party: string, round: string) =>
  walkOnce(vaultOfParty(table, party), connectAs(table, party), round, lists);

/** AT pins a roster in which SI has other keys. */
function pinNext(): void {
  const { roster, operators } = table.house.cast;
  const parties = roster.parties.map((entry) => (entry.id === "SI" ? rosterEntryOf(makeIdentity("SI")) : entry));
  const next = operators.reduce(signRoster, { ...roster, parties, serial: 2, signatures: [] });
  vaultOfParty(table, "AT").pinRoster(next, ["SI"]);
  expect(vaultOfParty(table, "AT").roster().serial).toBe(2);
}

test("it is played to its end, and no other round is begun under the roster of before", async () => {
  const at = vaultOfParty(table, "AT");
  const changes = {
    pairings: [["AT", "HR"]] as [string, string][],
    parties: ["AT", "HR"].map((id) => ({ declaredRecords: 60, id, legalBasis: "national act" })),
  };
  await playRound(
    table,
    "round-1",
    async (turn) => {
      if (turn === "closed") pinNext();
      for (let call = 0; call < 3; call++) for (const party of ["AT", "HR"]) await walk(party, "round-1");
    },
    changes,
  );
  expect((await connectAs(table, "AT").round("round-1")).pairings).toMatchObject([
    { state: "opened", answered: ["AT", "HR"] },
  ]);

  const setting = { id: "round-2", profile: SHIPPED_PROFILE, declaredRecords: 60, now: table.house.clock() };
  const second = describeRound(table.house.cast, setting, changes);
  await send(table.server.url, operatorSigning(table.house), "POST", "/v1/rounds", second);
  await expect(walk("AT", "round-2")).rejects.toMatchObject({ code: "round-descriptor-invalid" });
  expect(await walk("HR", "round-2"), "who has not pinned another").toMatchObject({ state: "waiting" });

  at.forgetRound("round-1");
  expect(at.rosterOf("round-1")).toEqual(at.roster());
});
