/**
 * `aquila statistics` as parties and operators meet it, with a real secretariat.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { createIdentityFile, STAFF_FILE } from "#client/sealed-identity.ts";
import { createVault } from "#client/vault.ts";
import { YearStatistics } from "#engine/statistics/published.ts";
import { openStore } from "#server/store/open.ts";
import { moveRound } from "#server/store/rounds.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  removeHouse,
  startServer,
} from "../../server/harness.ts";
import { send } from "../../server/requests.ts";
import { SMALL, smallRecords } from "../encoded-lists.ts";
import { PASSPHRASE, temporaryFolder } from "../folders.ts";
import { runAquila, type Outcome } from "./command-line.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const LIST = join(SMALL, "AT.jsonl");
const ROUND = "2026-4";

function statistics(...args: readonly string[]): Promise<Outcome> {
  return runAquila(ROOT, ["statistics", ...args]);
}

test("a party submits its noised histogram, again without harm, and everybody is shown it", async () => {
  const house = makeHouse();
  const categories = ["contact", "convicted", "other", "suspect", "victim", "witness"];
  const descriptor = makeDescriptor(house, { id: ROUND, categories });
  const draft = await startServer(house);
  await send(draft.url, operatorSigning(house), "POST", "/v1/rounds", descriptor);
  await draft.app.close();
  const store = await openStore(join(house.dataDir, "aquila.db"));
  await moveRound(store, ROUND, "draft", "released");
  await store.destroy();
  const server = await startServer(house);

  const folder = temporaryFolder();
  const vault = createVault(join(folder, "at"), identityOf(house, "AT"), PASSPHRASE, LEAST_COST);
  vault.keepDescriptor(descriptor);
  const handle = "A".repeat(22);
  const ref = smallRecords("AT")[0]?.rec_id ?? "";
  vault.writeHandleMap(ROUND, "HR", [{ handle, refs: [ref], row: 0 }]);
  const keys = {
    keyTag: Buffer.alloc(32, 1),
    keyProof: Buffer.alloc(32, 2),
    keyNotice: Buffer.alloc(32, 3),
    keyId: handle,
  };
  vault.keepPairings(ROUND, [{ counterpart: "HR", ...keys }]);
  const hit = { band: "high", cells: "", handle, hit: handle, pattern: 1 } as const;
  vault.keepSection(ROUND, { counterpart: "HR", hitCount: 1, decoys: 0, decoysMissing: 0, noRecord: 0, hits: [hit] });
  vault.pinRoster(house.roster);
  const rosterPath = join(folder, "roster.json");
  writeFileSync(rosterPath, JSON.stringify(house.roster));
  const operator = join(folder, "opal.json");
  createIdentityFile(operator, STAFF_FILE, house.cast.operators[0], PASSPHRASE, LEAST_COST);

  const submit = ["submit", LIST, "--round", ROUND, "--vault", vault.directory, "--server", server.url, "--json"];
  const [first, second] = [await statistics(...submit), await statistics(...submit)];
  expect(`${first.exitCode} ${first.stderr}`).toBe("0 ");
  expect(second).toEqual(first);
  expect(JSON.parse(first.stdout)).toEqual({ ...vault.statistics(ROUND), errorBar: 72 });
  expect(first.stdout).not.toContain(ref);

  const year = String(new Date().getUTCFullYear());
  const show = ["show", "--year", year, "--server", server.url];
  const asOperator = await statistics(...show, "--identity", operator, "--roster", rosterPath, "--json");
  expect(`${asOperator.exitCode} ${asOperator.stderr}`).toBe("0 ");
  const shown = YearStatistics.parse(JSON.parse(asOperator.stdout));
  expect(shown).toMatchObject({ budget: { limit: "4/1", spent: "1/6" }, hits: [], parties: [{ party: "AT" }] });
  const asParty = await statistics(...show, "--vault", vault.directory);
  expect(asParty.stdout).toContain("1/6 of the privacy budget 4/1 is spent");
  expect(asParty.stdout).toContain(`${ROUND}  AT  ±72`);
  expect((await statistics("show", "--year", "26", "--server", server.url)).exitCode).toBe(2);

  const out = (name: string): string => join(folder, name);
  const report = ["report", "--year", year, "--server", server.url, "--vault", vault.directory, "--out"];
  const html = await statistics(...report, out("report.html"));
  expect(`${html.exitCode} ${html.stderr}`).toBe("0 ");
  expect(readFileSync(out("report.html"), "utf8")).toContain(`Regional picture ${year}`);
  expect(statSync(out("report.html")).mode & 0o777).toBe(0o600);
  expect((await statistics(...report, out("report.html"))).exitCode, "never overwritten").toBe(3);
  expect((await statistics(...report, out("report.txt"))).exitCode).toBe(2);
  expect((await statistics(...report, out("other.html"), "--until", "2001")).exitCode).toBe(2);
  const unprinted = await statistics(...report, out("report.pdf"), "--chromium", out("none"));
  expect(unprinted.exitCode).toBe(3);
  expect(unprinted.stderr).toContain("aquila: browser-unavailable: no Chromium at");
  expect(existsSync(out("report.pdf"))).toBe(false);
  const staff = ["--identity", operator, "--roster", rosterPath, "--until", String(Number(year) + 1)];
  const printed = await statistics(
    "report",
    "--year",
    year,
    "--server",
    server.url,
    ...staff,
    "--out",
    out("report.pdf"),
  );
  if (printed.stderr.includes("no Chromium on PATH")) expect(printed.exitCode).toBe(3);
  else {
    expect(`${printed.exitCode} ${printed.stderr}`).toBe("0 ");
    expect(readFileSync(out("report.pdf")).subarray(0, 5).toString()).toBe("%PDF-");
  }

  await server.app.close();
  removeHouse(house);
});
