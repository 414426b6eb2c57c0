/**
 * A whole round of two parties by command, over a listening secretariat: what each of its people types, and what they see.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { createIdentityFile, STAFF_FILE } from "#client/sealed-identity.ts";
import { createVault, openVault } from "#client/vault.ts";
import { ErasureCertificate } from "#engine/round/acts.ts";
import { RoundView } from "#engine/round/messages.ts";
import { signStatement } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { openServerKey, signingKeysOf } from "#server/data-key.ts";
import { generatedRecords } from "../../engine/encode/lists.ts";
import { makeHouse, removeHouse, startServer, type House, type RunningServer } from "../../server/harness.ts";
import { PASSPHRASE } from "../folders.ts";
import { runAquila, type Outcome } from "./command-line.ts";

const ROUND = "2026-1";
const SHARED = 12;
const PARTIES = ["AT", "HR"] as const;

let house: House;
let server: RunningServer;

beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house, { profile: SHIPPED_PROFILE });
  const people = generatedRecords(300).filter(({ doc_number, birth_place }) => doc_number !== "" && birth_place !== "");
  for (const party of PARTIES) {
    const from = party === "AT" ? 0 : SHARED;
    const list = people.slice(from, from + 2 * SHARED).map((record, at) => ({
      ...{ ...record, party, rec_id: `${party}-${from + at}`, origin_ref: `${party} ${at}` },
      ...{ category: "suspect", information_accuracy: "4" },
    }));
    writeFileSync(at(`${party}.jsonl`), list.map((record) => `${JSON.stringify(record)}\n`).join(""));
  }
  for (const identity of house.cast.identities) {
    using vault = createVault(at(identity.party), identity, PASSPHRASE, LEAST_COST);
    vault.pinRoster(house.roster);
  }
  for (const identity of [...house.cast.operators, house.cast.officer])
    createIdentityFile(at(`${identity.id}.key`), STAFF_FILE, identity, PASSPHRASE, LEAST_COST);
  writeFileSync(at("roster.json"), JSON.stringify(house.roster));
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});

const at = (name: string): string => join(house.folder, name);
const aquila = (...args: readonly string[]): Promise<Outcome> => runAquila(house.folder, args);

/** Gives a command that talks to the server about the round. @returns Exit code and what is shown. */
async function ask(who: string, command: string, ...args: readonly string[]): Promise<Outcome> {
  const caller =
    who.startsWith("op") || who.startsWith("dpo")
      ? ["--identity", `${who}.key`, "--roster", "roster.json"]
      : ["--vault", who];
  const { exitCode, stdout, stderr } = await aquila("round", command, ...args, "--server", server.url, ...caller);
  return { exitCode, stdout, stderr };
}

/** @returns What is shown of the round. */
async function done(exitCode: number, who: string, command: string, ...args: readonly string[]): Promise<string> {
  const outcome = await ask(who, command, ...args, "--round", ROUND);
  expect([outcome.exitCode, exitCode === outcome.exitCode ? "" : outcome.stderr], `${who} ${command}`).toEqual([
    exitCode,
    "",
  ]);
  return outcome.stdout + outcome.stderr;
}

function unsigned({ signature, ...body }: ErasureCertificate): Omit<ErasureCertificate, "signature"> {
  expect(signature).not.toBe("");
  return body;
}

/** @returns Exit code and standard error. */
async function forget(...args: readonly string[]): Promise<string> {
  const { exitCode, stderr } = await aquila("forget", "--round", ROUND, "--vault", "AT", ...args);
  return `${exitCode} ${stderr}`;
}

async function viewOf(who: string): Promise<RoundView> {
  return RoundView.parse(JSON.parse((await ask(who, "show", "--round", ROUND, "--json")).stdout));
}

test("a round from its description to its certificate", { timeout: 300_000 }, async () => {
  for (const [from, to] of [
    ["AT", "HR"],
    ["HR", "AT"],
  ] as const) {
    const times = ["--from", "2020-01-01T00:00:00Z", "--until", "2100-01-01T00:00:00Z", "--rows-per-year", "10000"];
    const args = ["--vault", from, "--with", to, ...times, "--out", `${from}.agreements`];
    expect((await aquila("agreement", "sign", ...args)).exitCode).toBe(0);
  }
  const soon = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");
  const described = await aquila(
    ...[
      "round",
      "describe",
      "--id",
      ROUND,
      "--roster",
      "roster.json",
      "--agreements",
      "AT.agreements",
      "HR.agreements",
    ],
    ...["--records", "AT=40", "HR=40", "--national-basis", "AT=Act 7", "HR=Act 12", "--lowest-band", "low"],
    ...["--categories", "suspect", "--legal-basis", "Article 9", "--purpose", "a first round"],
    ...["--deadlines", `keys=${soon}`, "--out", "round.json"],
  );
  expect(`${described.exitCode} ${described.stderr}`).toBe("0 ");

  // Created by one operator, opened by two.
  expect((await ask("op-1", "create", "round.json")).exitCode).toBe(0);
  expect((await ask("AT", "create", "round.json")).exitCode).not.toBe(0);
  const first = await ask("op-1", "open", "round.json");
  expect([first.exitCode, first.stderr]).toEqual([6, "approved by 1 of 2 operators\n"]);
  expect((await ask("op-1", "open", "round.json")).exitCode).toBe(6);
  expect((await ask("op-2", "open", "round.json")).exitCode).toBe(0);
  expect((await ask("HR", "list")).stdout).toMatch(new RegExp(`^${ROUND} +opened until `));

  // AT goes step by step, HR by `run`.
  expect(await done(6, "AT", "join")).toContain("waiting for the keys of HR");
  expect(await done(6, "HR", "run", "HR.jsonl")).toContain("waiting for the confirmations of AT");
  const encode = (): Promise<Outcome> => aquila("round", "encode", "AT.jsonl", "--vault", "AT", "--round", ROUND);
  expect((await encode()).stderr).toMatch(/^aquila: round-state: /);
  expect(await done(0, "AT", "join")).toContain("keys agreed with HR");
  expect((await encode()).stdout).toMatch(/^24 records encoded as 24 rows; 0 refused, 0 of categories/);
  expect(await done(0, "AT", "submit")).toMatch(/^HR +complete, \d+ bytes; 1 chunks sent, 0 were there/);
  expect(await done(0, "AT", "submit")).toMatch(/0 chunks sent, 1 were there/);
  expect(await done(0, "AT", "recall")).toContain("the batches for HR are taken back");
  // What was taken back is not sent again.
  await done(3, "AT", "submit");
  expect((await encode()).exitCode).toBe(0);
  await done(0, "AT", "submit");
  expect(await done(6, "HR", "run", "HR.jsonl")).toContain("waiting for submission to close");
  expect(await done(6, "AT", "seal")).toContain("waiting for submission to close");
  await done(0, "op-1", "close");
  expect(await done(0, "AT", "seal")).toMatch(/sealed\nT2 {2}[\w-]{43}/);
  await done(3, "AT", "recall");
  expect(await done(6, "HR", "run", "HR.jsonl")).toContain("waiting for matching");

  expect(await done(0, "op-1", "match", "--wait", "120")).toMatch(/^state +reviewed until/m);
  expect(await done(0, "dpo-1", "decide", "--pairing", "HR-AT", "--decision", "hold")).toContain("AT-HR        held");
  expect(await done(4, "op-1", "release")).toMatch(
    /hits to be released, decoys among them: high 14, .*round-held: held .*: AT-HR/s,
  );
  await done(0, "dpo-1", "decide", "--pairing", "AT-HR", "--decision", "release");
  await done(6, "op-1", "release");
  await done(0, "op-2", "release");
  expect((await viewOf("AT")).state).toBe("released");

  await done(3, "AT", "results");
  expect(await done(0, "AT", "ack")).toContain("not open: HR: waiting, not acknowledged yet by HR");
  // What is not open is not without hits, and no file says so.
  const waiting = await done(6, "AT", "results", "--out", "early.csv");
  expect(waiting).toMatch(/no pairing is open.*not open: HR: waiting.*nothing is written/s);
  expect(existsSync(at("early.csv"))).toBe(false);
  // Hits that are not opened yet would be lost.
  expect(await forget()).toMatch(/^3 aquila: round-state: .* goes on until /);
  expect(await forget("--server", server.url)).toMatch(/^3 aquila: round-state: .* is released/);
  expect(await done(6, "HR", "run", "HR.jsonl")).toContain("waiting for the answers of AT");
  await done(0, "AT", "results");
  expect(await done(0, "HR", "run", "HR.jsonl")).toContain("every opened pairing is answered by both");
  expect(await done(0, "AT", "results", "--out", "hits.csv")).toContain("written to hits.csv");
  expect(statSync(at("hits.csv")).mode & 0o777).toBe(0o600);
  const rows: Record<string, string>[] = parse(readFileSync(at("hits.csv")), { columns: true });
  const expected = Array.from({ length: SHARED }, (_, person) => `AT-${SHARED + person}`).sort();
  expect(rows.map(({ references }) => references).sort()).toEqual(expected);
  expect(new Set(rows.map(({ finding, proposed_accuracy }) => [finding, proposed_accuracy].join()))).toEqual(
    new Set(["independent,3"]),
  );

  const hit = rows[0]?.["hit"] ?? "";
  await done(0, "AT", "mark", "confirmed", hit);
  expect(await done(0, "HR", "results")).toMatch(/they say confirmed/);
  await done(0, "HR", "mark", "confirmed", hit);
  expect(await done(0, "dpo-1", "reports")).toBe("nothing was reported\n");
  const log = await done(0, "dpo-1", "log");
  for (const act of ["op-1", "op-2", "dpo-1", "AT", "HR"]) expect(log).toContain(act);
  expect(log).not.toContain(hit);

  await done(6, "op-1", "erase");
  await done(0, "op-2", "erase");
  expect(await done(0, "op-1", "follow-up")).toMatch(/^high +1 confirmed, 0 refuted, 13 open/);
  await done(0, "AT", "certificate", "--out", "certificate.json");
  const certificate = ErasureCertificate.parse(JSON.parse(readFileSync(at("certificate.json"), "utf8")));
  expect(certificate).toMatchObject({ round: ROUND });
  const verify = async (content: unknown): Promise<string> => {
    writeFileSync(at("shown.json"), JSON.stringify(content));
    const { exitCode, stdout, stderr } = await aquila("verify-erasure", "shown.json", "--vault", "AT");
    return `${exitCode} ${stdout}${stderr}`;
  };
  expect(await verify(certificate)).toMatch(/^0 .*those of the round in the vault/s);
  // The same secretariat's word on another attempt.
  const secretariat = signingKeysOf(openServerKey(at("keys/server.key")));
  for (const other of [{ t0: certificate.t2 ?? "" }, { t1: null }, { t2: null }])
    expect(await verify(signStatement(secretariat, "erasure", { ...unsigned(certificate), ...other }))).toContain(
      "round-confirmation-failed",
    );

  await done(3, "AT", "run", "AT.jsonl");

  // What each party holds stays, until it is forgotten.
  const kept = await done(0, "AT", "results", "--out", "kept.csv");
  expect(kept).toContain(`${SHARED} hits (high ${SHARED}, medium 0, low 0)`);
  const keptRows: Record<string, string>[] = parse(readFileSync(at("kept.csv")), { columns: true });
  expect(keptRows).toEqual(rows);
  const vault = openVault(at("AT"), PASSPHRASE);
  const section = vault.section(ROUND, "HR");
  if (section === null) throw new RangeError("no hits with HR are kept");
  vault.keepSection(ROUND, { ...section, decoysMissing: 1, noRecord: 3 });
  vault.close();
  const warned = await done(0, "AT", "results");
  expect(warned).toMatch(/^with HR: 1 of 2 decoys are missing, .*; reported to the data-protection officer$/m);
  expect(warned).toMatch(/^with HR: 3 of 14 hits are at rows that stand for no record, so they are made up/m);
  expect((await aquila("explain", "--round", ROUND, "--vault", "AT", "--hit", hit)).exitCode).toBe(0);
  expect(await forget("--server", server.url)).toBe("0 ");
  expect(await forget("--server", server.url)).toMatch(/^3 aquila: round-unknown/);
  expect(await done(3, "AT", "results")).toContain("is forgotten");
  expect((await aquila("explain", "--round", ROUND, "--vault", "AT", "--hit", hit)).exitCode).toBe(3);
  expect(existsSync(at("hits.csv"))).toBe(true);
});
