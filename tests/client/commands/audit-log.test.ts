/**
 * The audit log by command: checked and co-signed by parties, exported by the officer, verified by anybody.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { ForkList, type Fork } from "#client/log-head.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { createIdentityFile, STAFF_FILE } from "#client/sealed-identity.ts";
import { createVault } from "#client/vault.ts";
import { AuditLeaf } from "#engine/audit/entry.ts";
import { makeMerkleTree } from "#engine/audit/merkle-tree.ts";
import { fromBase64url, toBase64url } from "#engine/round/binary.ts";
import { isSignedBy, signStatement } from "#engine/round/statement.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  removeHouse,
  startServer,
  type House,
  type RunningServer,
} from "../../server/harness.ts";
import { send } from "../../server/requests.ts";
import { PASSPHRASE } from "../folders.ts";
import { runAquila } from "./command-line.ts";

let house: House;
let server: RunningServer;
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
  for (const identity of house.cast.identities) {
    using vault = createVault(at(identity.party), identity, PASSPHRASE, LEAST_COST);
    vault.pinRoster(house.roster);
  }
  createIdentityFile(at("dpo.key"), STAFF_FILE, house.cast.officer, PASSPHRASE, LEAST_COST);
  writeFileSync(at("roster.json"), JSON.stringify(house.roster));
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});

const at = (name: string): string => join(house.folder, name);
const create = (id: string): Promise<unknown> =>
  send(server.url, operatorSigning(house), "POST", "/v1/rounds", makeDescriptor(house, { id }));

/** @returns Exit code, output and the failure's line. */
async function audit(...args: readonly string[]): Promise<[number, string]> {
  const asked = args[0] === "verify" ? args : [...args, "--server", server.url];
  const { exitCode, stdout, stderr } = await runAquila(house.folder, ["audit", ...asked]);
  return [exitCode, stdout + stderr];
}

/** @returns What `audit fork` wrote. */
function evidenceIn(name: string): readonly Fork[] {
  return z
    .strictObject({ forks: ForkList, format: z.literal("aquila/audit-fork/v1") })
    .parse(JSON.parse(readFileSync(at(name), "utf8"))).forks;
}

const asOfficer = ["--identity", "dpo.key", "--roster", "roster.json"];

test("parties check and co-sign; the officer exports; anybody verifies, and finds what was changed", async () => {
  await create("one");
  expect(await audit("check", "--vault", "AT")).toEqual([0, expect.stringMatching(/^1 entries, .*\n.*now by AT\n$/)]);
  await create("two");
  expect(await audit("check", "--vault", "HR")).toEqual([
    0,
    expect.stringContaining("co-signed by AT (1), and now by HR"),
  ]);
  expect(await audit("check", ...asOfficer)).toEqual([0, expect.stringContaining("co-signed by AT (1), HR (2)\n")]);

  expect(await audit("export", "--out", "log.jsonl", ...asOfficer)).toEqual([0, "2 entries in log.jsonl\n"]);
  const verified = await audit("verify", "log.jsonl", "--roster", "roster.json");
  expect(verified).toEqual([0, expect.stringMatching(/^2 entries, 0 of them erased .*\nco-signed by AT, HR\n/)]);

  const lines = readFileSync(at("log.jsonl"), "utf8").split("\n");
  const changes: [string, string[], RegExp][] = [
    [
      "an entry",
      lines.map((line) => line.replace('"created"', '"erased"').replace('"administration"', '"erasure"')),
      /line 2/,
    ],
    ["an entry left out", lines.filter((_line, number) => number !== 1), /has 1 entries, its head 2/],
    ["order", [lines[0] ?? "", lines[2] ?? "", lines[1] ?? ""], /line 2/],
    ["the head", lines.map((line) => line.replace('"size":2}', '"size":3}')), /statement-signature/],
  ];
  for (const [what, changed, reason] of changes) {
    writeFileSync(at("changed.jsonl"), changed.join("\n"));
    expect(await audit("verify", "changed.jsonl", "--roster", "roster.json"), what).toEqual([
      3,
      expect.stringMatching(reason),
    ]);
  }
});

test("a client refuses a log that was put back, until a person accepts it", async () => {
  await server.app.close();
  cpSync(house.dataDir, at("backup"), { recursive: true });
  server = await startServer(house);
  await create("three");
  expect((await audit("check", "--vault", "AT"))[0]).toBe(0);
  await server.app.close();
  rmSync(house.dataDir, { recursive: true });
  cpSync(at("backup"), house.dataDir, { recursive: true });
  server = await startServer(house, { acceptsRestoredLog: true });

  const show = ["round", "list", "--vault", "AT", "--server", server.url];
  const refused = await runAquila(house.folder, show);
  expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringMatching(/^aquila: audit-fork: /)]);
  expect((await audit("check", "--vault", "AT"))[0]).toBe(3);
  const evidence = ["audit", "fork", "--out", "fork.json"];
  expect((await runAquila(house.folder, [...evidence, "--vault", "AT"])).exitCode).toBe(0);
  const forks = evidenceIn("fork.json");
  expect(forks, "of three refusals").toHaveLength(1);
  for (const [first, second] of forks) {
    expect(first.size).toBeGreaterThanOrEqual(second.size);
    expect(first.root).not.toBe(second.root);
    for (const head of [first, second]) expect(isSignedBy(house.roster.secretariat, "treeHead", head)).toBe(true);
  }
  const none = await runAquila(house.folder, ["audit", "fork", "--out", "none.json", "--vault", "HR"]);
  expect([none.exitCode, none.stderr]).toEqual([3, "aquila: not-found: no two histories of the log were met\n"]);
  expect((await audit("check", "--vault", "AT", "--accept-restored"))[0]).toBe(0);
  expect((await runAquila(house.folder, show)).exitCode).toBe(0);
});

test("a co-signature of another log is kept with the head, so that a third party can verify both", async () => {
  const witness = identityOf(house, "HR");
  const elsewhere = { party: "HR", root: "A".repeat(43), size: 1 };
  const database = new DatabaseSync(join(house.dataDir, "aquila.db"));
  const { root, signature } = signStatement(witness, "cosignature", elsewhere);
  database.prepare("UPDATE cosignatures SET root = ?, signature = ?, size = 1 WHERE party = 'HR'").run(root, signature);
  database.close();

  for (const [name, asked] of [
    ["officer.json", asOfficer],
    ["party.json", ["--vault", "SI"]],
  ] as const) {
    expect(await audit("check", ...asked)).toEqual([3, expect.stringMatching(/^aquila: audit-fork: HR co-signed .*1/)]);
    const written = await runAquila(house.folder, ["audit", "fork", "--out", name, ...asked]);
    expect([written.exitCode, written.stdout]).toEqual([0, expect.stringMatching(/and 1 entries co-signed by HR\n$/)]);
  }

  expect((await audit("export", "--out", "whole.jsonl", ...asOfficer))[0]).toBe(0);
  const [, ...leaves] = readFileSync(at("whole.jsonl"), "utf8").trim().split("\n");
  const tree = makeMerkleTree();
  for (const leaf of leaves) tree.append(fromBase64url(AuditLeaf.parse(JSON.parse(leaf)).commitment));
  const forks = [...evidenceIn("officer.json"), ...evidenceIn("party.json")];
  expect(forks).toHaveLength(2);
  for (const [head, cosignature] of forks) {
    expect(isSignedBy(house.roster.secretariat, "treeHead", head)).toBe(true);
    expect(toBase64url(tree.root(head.size)), "of the log that the head is of").toBe(head.root);
    expect(cosignature).toEqual({ ...elsewhere, signature });
    expect(isSignedBy(witness.signKey, "cosignature", cosignature)).toBe(true);
    expect(toBase64url(tree.root(1)), "of another").not.toBe(cosignature.root);
  }
});
