/**
 * Quotas as a party holds them: against a real secretariat whose clock runs a year ahead, so that it has forgotten what the
 * party's vault has not.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EncodedList } from "#engine/encode/list.ts";
import { expectedRowCount, type RoundDescriptor } from "#engine/round/descriptor.ts";
import { agreementsOf } from "#fixtures/cast.ts";
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

const DAY_MS = 86_400_000;
const SIDES = ["AT", "HR"] as const;
const PAIRINGS: [string, string][] = [["AT", "HR"]];
const FIRST = "quota-1";

let table: Table;
let first: RoundDescriptor;
let startMs: number;
const lists = new Map<string, EncodedList>();
/** What came of AT's seal while another round had what was left. */
let overdrawn: unknown;

const walkBoth = async (round: string, now: Date): Promise<void> => {
  for (let call = 0; call < 3; call++)
    for (const party of SIDES) await walkOnce(vaultOfParty(table, party), connectAs(table, party), round, lists, now);
};

/** A round of AT and HR, of whose rows each allows the other just one round's. */
function once(): Partial<RoundDescriptor> {
  const { house } = table;
  const parties = SIDES.map((id) => ({ declaredRecords: 95, id, legalBasis: "national act" }));
  const agreements = agreementsOf(house.cast.identities, PAIRINGS, house.clock(), 100);
  return { agreements, pairings: PAIRINGS, parties };
}

beforeAll(async () => {
  table = await openTable();
  startMs = table.house.clock().getTime();
  for (const party of SIDES) lists.set(party, listOf(party, range(0, 10)));
  const now = new Date(startMs);
  const at = vaultOfParty(table, "AT");
  first = await playRound(
    table,
    FIRST,
    async (turn) => {
      if (turn === "closed") {
        const other = { at: almostAYearAgo(), counterpart: "HR", counterpartRows: 1, field: "terrorism", ownRows: 1 };
        at.keepSealedSizes("quota-other", [{ ...other, round: "quota-other" }], now);
        overdrawn = await walkOnce(at, connectAs(table, "AT"), FIRST, lists, now).catch((error: unknown) => error);
        at.keepSealedSizes("quota-other", [], now);
        // As if AT had stopped between counting the round and keeping its seal.
        const own = { at: almostAYearAgo(), counterpart: "HR", counterpartRows: 100, field: "terrorism", ownRows: 100 };
        at.keepSealedSizes(FIRST, [{ ...own, round: FIRST }], now);
      }
      await walkBoth(FIRST, now);
    },
    once(),
  );
  table.house.clock = () => new Date(startMs + 366 * DAY_MS);
});
afterAll(() => closeTable(table));

function almostAYearAgo(): string {
  return new Date(startMs - 364 * DAY_MS).toISOString().replace(/\.\d+Z$/, "Z");
}

test("a round that uses a quota up to its last row is played to its end", async () => {
  expect(expectedRowCount(first, "AT")).toBe(100);
  const view = await connectAs(table, "AT").round(FIRST);
  expect(view.pairings).toMatchObject([{ state: "opened" }]);
  expect(vaultOfParty(table, "AT").sealedSizes()).toMatchObject([
    { counterpart: "HR", counterpartRows: 100, field: "terrorism", ownRows: 100, round: FIRST },
  ]);
});

test("a seal is refused when another round has taken what was left", () => {
  expect(overdrawn).toMatchObject({ code: "quota-exceeded", detail: expect.stringContaining("99 are left") as string });
});

test("the next one is refused before any key is posted, also once the first is forgotten; a year later it is not", async () => {
  const second = "quota-2";
  const at = vaultOfParty(table, "AT");
  at.forgetRound(FIRST);
  const wait = new Date(startMs + 364 * DAY_MS);
  const refused = {
    code: "quota-exceeded",
    detail: "AT lets HR test 100 rows in 365 days for terrorism; 0 are left, and round quota-2 takes 100",
  };
  await playRoundUntilOpened(second, async () => {
    for (const party of SIDES)
      await expect(
        walkOnce(vaultOfParty(table, party), connectAs(table, party), second, lists, wait),
      ).rejects.toMatchObject(refused);
    expect((await connectAs(table, "AT").round(second)).keys).toEqual([]);
    expect(at.roundSecret(second)).toBeNull();
    await walkBoth(second, new Date(startMs + 365 * DAY_MS));
    expect((await connectAs(table, "AT").round(second)).batches).toMatchObject(
      SIDES.map(() => ({ state: "complete" })),
    );
  });
});

/** Opens a round and ends it after the parties' first turn. */
async function playRoundUntilOpened(round: string, walk: () => Promise<void>): Promise<void> {
  const ended = new Error("ended here");
  const played = playRound(
    table,
    round,
    async () => {
      await walk();
      throw ended;
    },
    once(),
  );
  await expect(played).rejects.toBe(ended);
}
