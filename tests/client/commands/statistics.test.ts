/**
 * `aquila statistics` as parties and operators meet it, with a real secretariat.
 */
import { execFile } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createVault } from "#client/vault.ts";
import { YearStatistics } from "#engine/statistics/published.ts";
import { openStore } from "#server/store/open.ts";
import { moveRound } from "#server/store/rounds.ts";
import { identityOf, makeDescriptor, makeHouse, operatorSigning, removeHouse, send, startServer } from "../../server/harness.ts"; // prettier-ignore
import { SMALL, smallRecords } from "../encoded-lists.ts";
import { temporaryFolder } from "../folders.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const LIST = join(SMALL, "AT.jsonl");
const ROUND = "2026-4";

type Outcome = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

function statistics(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const argv = [join(ROOT, "start.mjs"), "client/main.ts", "statistics", ...args];
    const child = execFile(process.execPath, argv, { env: { PATH: process.env["PATH"] } }, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

test("a party submits its noised histogram, again without harm, and everybody is shown it", async () => {
  const house = makeHouse();
  const categories = ["contact", "convicted", "other", "suspect", "victim", "witness"];
  const descriptor = makeDescriptor(house, { id: ROUND, categories });
  const draft = await startServer(house);
  await send(draft.url, operatorSigning(house), "POST", "/v1/rounds", descriptor);
  await draft.app.close();
  const store = await openStore(join(house.dataDir, "aquila.db"), () => Promise.reject(new Error("nothing moves")));
  await moveRound(store, ROUND, "draft", "released");
  await store.destroy();
  const server = await startServer(house);

  const folder = temporaryFolder();
  const vault = createVault(join(folder, "at"), identityOf(house, "AT"));
  vault.keepDescriptor(descriptor);
  const handle = "A".repeat(22);
  const ref = smallRecords("AT")[0]?.rec_id ?? "";
  vault.writeHandleMap(ROUND, "HR", [{ handle, refs: [ref] }]);
  const hit = { band: "high", counterpart: "HR", handle, hit: handle, pattern: 1 } as const;
  vault.keepPackage({
    ...{ format: "aquila/package/v1", padding: "", party: "AT", round: ROUND },
    ...{ hits: [hit], t1: "A".repeat(43) },
  } as const);
  const operator = join(folder, "opal.json");
  writeFileSync(operator, JSON.stringify(house.operator));
  chmodSync(operator, 0o600);

  const submit = ["submit", LIST, "--round", ROUND, "--vault", vault.directory, "--server", server.url, "--json"];
  const [first, second] = [await statistics(...submit), await statistics(...submit)];
  expect(`${first.exitCode} ${first.stderr}`).toBe("0 ");
  expect(second).toEqual(first);
  expect(JSON.parse(first.stdout)).toEqual(vault.statistics(ROUND));
  expect(first.stdout).not.toContain(ref);

  const year = String(new Date().getUTCFullYear());
  const show = ["show", "--year", year, "--server", server.url];
  const asOperator = await statistics(...show, "--identity", operator, "--json");
  expect(`${asOperator.exitCode} ${asOperator.stderr}`).toBe("0 ");
  const shown = YearStatistics.parse(JSON.parse(asOperator.stdout));
  expect(shown).toMatchObject({ budget: { limit: "4/1", spent: "1/6" }, hits: [], parties: [{ party: "AT" }] });
  const asParty = await statistics(...show, "--vault", vault.directory);
  expect(asParty.stdout).toContain("1/6 of the privacy budget 4/1 is spent");
  expect(asParty.stdout).toContain(`${ROUND}  AT  ±72`);
  expect((await statistics("show", "--year", "26", "--server", server.url)).exitCode).toBe(2);

  await server.app.close();
  removeHouse(house);
});
