/**
 * A party's walk beside others who go on in the middle of its steps.
 */
import { expect, test } from "vitest";
import { agreeKeys } from "#client/agree.ts";
import type { Connection } from "#client/http.ts";
import { acknowledgePackage } from "#client/release.ts";
import { resultsOf } from "#client/results.ts";
import type { Standing } from "#client/walk.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { PARTIES } from "../../server/harness.ts";
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
} from "./table.ts";

const ROUND = "walk-1";

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
  const table = await openTable();
  try {
    const lists: Lists = new Map(PARTIES.map((party) => [party, listOf(party, range(0, 12))]));
    const at = vaultOfParty(table, "AT");
    const connection = connectAs(table, "AT");
    const others = PARTIES.filter((party) => party !== "AT");
    const overtaken: Connection = {
      ...connection,
      packageKeys: async (round, party) => {
        const keys = await connection.packageKeys(round, party);
        for (const other of others)
          await acknowledgePackage(connectAs(table, other), vaultOfParty(table, other), round);
        return keys;
      },
    };
    const standings: Standing[] = [];
    await playRound(table, ROUND, async (turn) => {
      if (turn === "released") standings.push(await walkOnce(at, overtaken, ROUND, lists));
      for (let call = 0; call < 3; call++)
        for (const party of PARTIES)
          standings.push(await walkOnce(vaultOfParty(table, party), connectAs(table, party), ROUND, lists));
    });
    const first = standings.findIndex(({ results }) => results !== null);
    expect(standings[first]).toMatchObject({ state: "waiting", results: { opened: { closed: others } } });
    expect(standings.slice(-PARTIES.length).map(({ state }) => state)).toEqual(["done", "done", "done"]);
    expect(resultsOf(at, ROUND, SHIPPED_PROFILE)).toHaveLength(12 * others.length);
  } finally {
    await closeTable(table);
  }
});
