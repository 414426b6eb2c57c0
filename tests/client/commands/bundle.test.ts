/**
 * A whole round of a party on two machines, by command: the vault inside is given no server, the one outside no list;
 * its counterparts are each on one machine.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exchangeSealed, openCarried } from "#client/carried-round.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { resultsOf } from "#client/results.ts";
import { createVault, openVault } from "#client/vault.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { Report } from "#engine/round/acts.ts";
import { ReportList } from "#engine/round/messages.ts";
import { identityOf, officerSigning } from "../../server/harness.ts";
import { send } from "../../server/requests.ts";
import { contentOfBundle, contentOfVault } from "../carried-bytes.ts";
import { PASSPHRASE } from "../folders.ts";
import {
  closeTable,
  connectAs,
  copyOf,
  listOf,
  openTable,
  playRound,
  range,
  recordsOf,
  vaultOfParty,
  walkOnce,
  type Lists,
  type Table,
} from "../round/table.ts";
import { runAquila } from "./command-line.ts";

const ROUND = "carried-1";
const OTHERS = ["HR", "SI"] as const;
const OUTSIDE = "vault-AT";
const INSIDE = "inside";
const PEOPLE = range(0, 22);
const SHARED = { HR: range(10, 22), SI: range(0, 3) };

let table: Table;
let lists: Lists;

beforeAll(async () => {
  table = await openTable();
  lists = new Map([
    ["HR", listOf("HR", range(10, 34), originOf("HR"))],
    ["SI", listOf("SI", [...range(0, 3), ...range(40, 60)], originOf("SI"))],
  ]);
  const records = recordsOf("AT", PEOPLE, originOf("AT"));
  writeFileSync(at("list.jsonl"), records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  using inside = createVault(at(INSIDE), identityOf(table.house, "AT"), PASSPHRASE, LEAST_COST);
  inside.pinRoster(table.house.roster);
  inside.keepContact("desk inside");
});
afterAll(() => closeTable(table));

const at = (name: string): string => join(table.house.folder, name);

function originOf(party: string) {
  return (person: number) => ({ category: "suspect" as const, origin_ref: `${party}-INT-${person}` });
}

/** Gives a command in this vault; a server is named outside alone. @returns What is shown. */
async function done(exitCode: number, vault: string, ...args: readonly string[]): Promise<string> {
  const network = vault === OUTSIDE && !args.includes("bundle") && !args.includes("unbundle");
  const server = network ? ["--server", table.server.url] : [];
  const round = args.includes("unbundle") ? [] : ["--round", ROUND];
  const outcome = await runAquila(table.house.folder, [...args, "--vault", vault, ...round, ...server]);
  expect([outcome.exitCode, exitCode === outcome.exitCode ? "" : outcome.stderr], args.join(" ")).toEqual([
    exitCode,
    "",
  ]);
  return outcome.stdout + outcome.stderr;
}

/** Carries a bundle from one vault to the other. @returns What both show. */
async function carry(from: string, file: string): Promise<string> {
  const made = await done(0, from, "round", "bundle", "--out", file);
  return made + (await done(0, from === OUTSIDE ? INSIDE : OUTSIDE, "round", "unbundle", file));
}

/** As if the section with HR lacked a decoy and had a hit at no record. */
function spoilSection(): void {
  using inside = openVault(at(INSIDE), PASSPHRASE);
  const section = inside.section(ROUND, "HR");
  if (section === null) throw new RangeError("the section is not open");
  inside.keepSection(ROUND, { ...section, decoysMissing: 1, noRecord: 1 });
}

/** What does not come is reported outside, once its deadline is over; what does not open is kept inside for the next bundle. */
async function reportsOfLateAndBroken(): Promise<void> {
  const outside = vaultOfParty(table, "AT");
  const { answers } = outside.descriptor(ROUND)?.deadlines ?? { answers: "" };
  const late = new Date(Date.parse(answers) + 120_000);
  const reported: string[] = [];
  const connection = {
    ...connectAs(table, "AT"),
    putReport: ({ kind, pairing }: Report): Promise<void> => {
      reported.push(`${kind} ${pairing.join(" ")}`);
      return Promise.resolve();
    },
  };
  const before = copyOf(table, outside);
  expect(await exchangeSealed(connection, before, ROUND, new Date())).toMatchObject({ faults: [] });
  await exchangeSealed(connection, before, ROUND, late);
  await exchangeSealed({ ...connection, packageKeys: () => Promise.resolve([]) }, before, ROUND, late);
  expect(reported).toEqual(["unanswered AT HR", "unanswered AT SI", "not-opened AT HR", "not-opened AT SI"]);

  using kept = openVault(at(INSIDE), PASSPHRASE);
  const inside = copyOf(table, kept);
  const keys = inside.packageKeys(ROUND);
  inside.keepPackageKeys(
    ROUND,
    keys.map((key) => ({ ...key, sealedKey: keys[0]?.sealedKey ?? "" })),
  );
  expect(await openCarried(inside, ROUND, SHIPPED_PROFILE, new Date())).toEqual(["SI"]);
  expect(inside.reports(ROUND)).toMatchObject([{ kind: "section-invalid", pairing: ["AT", "SI"], count: 1, of: 1 }]);
}

async function walkOthers(): Promise<void> {
  for (const party of OTHERS) await walkOnce(vaultOfParty(table, party), connectAs(table, party), ROUND, lists);
}

test("a round is done by carrying bundles, and nothing of the list is ever outside", { timeout: 300_000 }, async () => {
  await playRound(table, ROUND, async (turn) => {
    await walkOthers();
    if (turn === "opened") {
      await done(6, OUTSIDE, "round", "join");
      await walkOthers();
      await done(0, OUTSIDE, "round", "join");
      await walkOthers();
      expect(await carry(OUTSIDE, "1-in")).toMatch(/bundle 1 for the vault inside, keys only.*bundle 1 taken/s);
      expect(await done(3, OUTSIDE, "round", "run", "list.jsonl")).toContain("round-state");
      expect(await done(3, INSIDE, "round", "bundle", "--out", "none")).toContain("aquila round encode");
      expect(await done(0, INSIDE, "round", "encode", "list.jsonl")).toMatch(/^22 records encoded as 22 rows/);
      expect(await carry(INSIDE, "2-out")).toContain("HR.batch, SI.batch");
      await done(0, OUTSIDE, "round", "submit");
      return walkOthers();
    }
    if (turn === "closed") {
      expect(vaultOfParty(table, "AT").holdsBatch(ROUND, "HR")).toBe(true);
      await done(0, OUTSIDE, "round", "seal");
      expect(vaultOfParty(table, "AT").holdsBatch(ROUND, "HR"), "of no more use outside").toBe(false);
    }
    if (turn !== "released") return;
    await done(0, OUTSIDE, "round", "ack");
    await walkOthers();
    expect(await done(0, OUTSIDE, "round", "exchange")).toContain("package keys of HR, SI");
    expect(await carry(OUTSIDE, "3-in")).toContain("package.box");
    await reportsOfLateAndBroken();
    expect(await done(0, INSIDE, "round", "results")).toMatch(/15 hits .*answers still to come: HR, SI/s);
    expect(await done(0, INSIDE, "statistics", "submit", "list.jsonl")).toContain("goes out with the next bundle");
    spoilSection();
    expect(await done(0, INSIDE, "round", "results")).toMatch(/decoys are missing.*hits are at rows/s);
    expect(await carry(INSIDE, "4-out")).toContain("HR.answers.box, SI.answers.box");
    expect(await done(3, OUTSIDE, "round", "results")).toContain("carried between two vaults");
    expect(await done(0, OUTSIDE, "round", "exchange")).toContain("theirs are here of HR, SI");
    await walkOthers();
    expect(await carry(OUTSIDE, "5-in")).toContain("HR.their-answers.box");
    await done(0, INSIDE, "round", "results", "--out", "hits.csv");
  });

  const rows: Record<string, string>[] = parse(readFileSync(at("hits.csv")), { columns: true });
  const expected = OTHERS.flatMap((party) => SHARED[party].map((person) => `${party} AT-${person}`)).sort();
  expect(rows.map(({ counterpart, references }) => `${counterpart} ${references}`).sort()).toEqual(expected);
  expect(new Set(rows.map(({ finding }) => finding))).toEqual(new Set(["independent"]));
  const theirs = resultsOf(vaultOfParty(table, "HR"), ROUND, SHIPPED_PROFILE, new Date()).filter(
    (row) => row.counterpart === "AT",
  );
  expect(theirs.map(({ finding, notice }) => `${finding} ${notice?.contact}`)).toEqual(
    SHARED.HR.map(() => "independent desk inside"),
  );

  // What was found and drawn inside is with the secretariat.
  const reports = await send(table.server.url, officerSigning(table.house), "GET", `/v1/rounds/${ROUND}/reports`);
  expect(ReportList.parse(JSON.parse(reports.text))).toMatchObject([
    { kind: "decoy-missing", count: 1, pairing: ["AT", "HR"], party: "AT" },
    { kind: "no-record", count: 1, pairing: ["AT", "HR"], party: "AT" },
  ]);
  const { parties } = await connectAs(table, "AT").statistics(new Date().getUTCFullYear());
  expect(parties.map(({ party, round }) => `${party} ${round}`)).toEqual([`AT ${ROUND}`]);

  // What was outside, every byte of it in the clear.
  const { identity } = vaultOfParty(table, "AT");
  const outside = [
    contentOfVault(vaultOfParty(table, "AT")),
    await contentOfBundle(identity, at("2-out")),
    await contentOfBundle(identity, at("4-out")),
  ];
  using inside = openVault(at(INSIDE), PASSPHRASE);
  const own = contentOfVault(inside);
  const secrets: Buffer[] = [
    ...PEOPLE.map((person) => `"AT-${person}"`),
    ...['"refs"', '"seed"', "AT-INT-", "desk inside"],
    inside.provenanceSeed(ROUND),
    ...(inside.pairings(ROUND) ?? []).map(({ keyProof }) => Buffer.from(keyProof ?? []).toString("base64url")),
    ...OTHERS.flatMap((party) => [...inside.decoys(ROUND, party)]),
    ...OTHERS.flatMap((party) => [...inside.ownCells(ROUND, party)].map((cells) => cells.subarray(0, 64))),
  ].map((secret) => Buffer.from(secret));
  expect(secrets.length).toBeGreaterThan(30);
  const found = (content: Buffer): Buffer[] => secrets.filter((secret) => content.includes(secret));
  expect(outside.map(found)).toEqual([[], [], []]);
  const asBytes = Buffer.from(inside.provenanceSeed(ROUND));
  expect(
    secrets.filter((secret) => !own.includes(secret)),
    "they are looked for as they are kept",
  ).toEqual([asBytes]);
});
