/**
 * `aquila server backup`, `restore` and `check` on the data of a real server process.
 */
import { execFile } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RoundView } from "#engine/round/messages.ts";
import { openSubmission } from "./acts.ts";
import {
  headerOf,
  makeBatch,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  removeHouse,
  submitBatch,
  viewIn,
  type House,
  type PartyKeys,
} from "./harness.ts";
import { backUp, restore } from "#server/backup.ts";
import { checkStore } from "#server/store-check.ts";
import { kill, startProcess, type ServerProcess } from "./process.ts";
import { send } from "./requests.ts";
import { found } from "./secret-search.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

type Outcome = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

let house: House;
let view: RoundView;
let keys: ReadonlyMap<string, PartyKeys>;
/** The data folder of a stopped server, and a backup made before its last batch. */
let kept: string;
let backup: string;

function server(...args: readonly string[]): Promise<Outcome> {
  const argv = ["start.mjs", "client/main.ts", "server", ...args, "--config", join(house.folder, "config.json")];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, argv, { cwd: ROOT }, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

async function submit({ url }: ServerProcess, from: string, to: string): Promise<void> {
  const header = headerOf(view, keys, from, to);
  expect((await submitBatch(house, url, header, makeBatch(header).bytes)).status).toBe(200);
}

function keyFolder(): string {
  return join(house.folder, "keys", "data-keys");
}

function filesFolder(): string {
  return join(house.dataDir, "rounds", view.descriptor.id);
}

/** Changes one bit in the middle. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(path, bytes);
}

function putBack(): void {
  rmSync(house.dataDir, { recursive: true, force: true });
  cpSync(kept, house.dataDir, { recursive: true });
}

beforeAll(async () => {
  house = makeHouse();
  [kept, backup] = [join(house.folder, "kept"), join(house.folder, "backup")];
  const running = await startProcess(house, {});
  try {
    ({ view, keys } = await openSubmission(house, running.url, makeDescriptor(house)));
    await submit(running, "AT", "HR");
    const made = await server("backup", "--out", backup);
    expect(made, made.stderr).toMatchObject({ exitCode: 0 });
    await submit(running, "AT", "SI");
    await expect(check(), "a server runs").rejects.toMatchObject({ code: "file-exists" });
  } finally {
    await kill(running.child, "SIGTERM");
  }
  cpSync(house.dataDir, kept, { recursive: true });
});
afterAll(() => {
  removeHouse(house);
});

test("a backup of a running server holds the database, the files it names and their digests, and no key", async () => {
  expect(readdirSync(backup).sort()).toEqual(["aquila.db", "backup.json", "rounds"]);
  expect(readdirSync(join(backup, "rounds", view.descriptor.id))).toHaveLength(1);
  const serverKey = readFileSync(join(house.folder, "keys", "server.key"));
  const [keyFile = ""] = readdirSync(keyFolder());
  const wrapped = readFileSync(join(keyFolder(), keyFile));
  expect(found(keyFolder(), [["wrapped data key", wrapped]])).toEqual(["wrapped data key"]);
  expect(
    found(backup, [
      ["server key", serverKey],
      ["wrapped data key", wrapped],
    ]),
  ).toEqual([]);
  expect(statSync(join(backup, "aquila.db")).mode & 0o077, "nobody else can read it").toBe(0);
  await expect(backUp(kept, backup, new Date())).rejects.toMatchObject({ code: "file-exists" });
});

function check(): ReturnType<typeof checkStore> {
  const serverKeyFile = join(house.folder, "keys", "server.key");
  return checkStore({ dataDir: house.dataDir, serverKeyFile, secretariat: house.roster.secretariat });
}

/** Does something to the database. */
function change(text: string): void {
  const database = new DatabaseSync(join(house.dataDir, "aquila.db"));
  database.exec(text);
  database.close();
}

test.each<readonly [what: string, harm: (files: string[]) => void, fault: RegExp]>([
  [
    "a file that is missing",
    ([file = ""]) => {
      rmSync(join(filesFolder(), file));
    },
    /file [0-9a-f]{32} is missing/,
  ],
  [
    "a bit flipped in a file",
    ([file = ""]) => {
      flip(join(filesFolder(), file));
    },
    /file [0-9a-f]{32} is damaged/,
  ],
  [
    "a file in the place of another",
    ([one = "", other = ""]) => {
      cpSync(join(filesFolder(), one), join(filesFolder(), other));
    },
    /is damaged/,
  ],
  [
    "another digest in a row",
    () => {
      change(`UPDATE chunks SET digest = '${"A".repeat(43)}'`);
    },
    /is damaged/,
  ],
  [
    "an entry that was changed",
    () => {
      change(`UPDATE audit_leaves SET entry = replace(entry, 'party:AT', 'party:HR')`);
    },
    /entry \d+ of the audit log is not what was committed to/,
  ],
  [
    "entries that were cut",
    () => {
      change("DELETE FROM audit_leaves WHERE number > 3");
    },
    /put back or cut/,
  ],
  [
    "a database that is cut",
    () => {
      truncateSync(join(house.dataDir, "aquila.db"), 40_960);
    },
    /damaged|cannot be read/,
  ],
  [
    "a round whose key is another",
    () => {
      change("UPDATE rounds SET key_id = zeroblob(16)");
    },
    /key file is missing/,
  ],
])("the check finds %s", async (_what, harm, fault) => {
  putBack();
  harm(readdirSync(filesFolder()));
  const { faults } = await check();
  expect(faults.join("; ")).toMatch(fault);
});

test("the check of what a server left is well, counts files that nothing names, and changes nothing", async () => {
  putBack();
  expect(await check()).toMatchObject({ rounds: 1, files: 2, opened: 2, orphans: 0, faults: [] });
  writeFileSync(join(filesFolder(), "0".repeat(32)), "");
  expect(await check()).toMatchObject({ files: 2, opened: 2, orphans: 1, faults: [] });
  expect(readdirSync(filesFolder())).toHaveLength(3);
});

test("a backup is put back into an empty folder only, whole or not at all, and the log shows it", async () => {
  putBack();
  await expect(restore(backup, house.dataDir)).rejects.toMatchObject({ code: "file-exists" });
  rmSync(house.dataDir, { recursive: true });
  const damaged = join(house.folder, "damaged");
  cpSync(backup, damaged, { recursive: true });
  const [chunk = ""] = readdirSync(join(damaged, "rounds", view.descriptor.id));
  flip(join(damaged, "rounds", view.descriptor.id, chunk));
  await expect(restore(damaged, house.dataDir)).rejects.toThrow(/is damaged/);
  expect(existsSync(house.dataDir)).toBe(false);

  const restored = await server("restore", backup);
  expect(restored, restored.stderr).toMatchObject({ exitCode: 0 });
  expect(restored.stdout).toContain("--accept-restored-log");
  expect(await server("check")).toMatchObject({
    exitCode: 3,
    stdout: expect.stringMatching(/WRONG: the audit log has \d+ entries/) as string,
  });
  await expect(startProcess(house, {})).rejects.toMatchObject({ by: 78 });
  const accepting = await startProcess(house, {}, { serverArguments: ["--accept-restored-log"] });
  await kill(accepting.child, "SIGTERM");
  // Accepted once is enough, also if nobody asked for anything.
  const running = await startProcess(house, {});
  try {
    const { batches } = viewIn(
      await send(running.url, operatorSigning(house), "GET", `/v1/rounds/${view.descriptor.id}`),
    );
    const complete = batches.filter(({ state }) => state === "complete").map(({ from, to }) => `${from}-${to}`);
    expect(complete, "as it was at the backup").toEqual(["AT-HR"]);
    await submit(running, "AT", "SI");
  } finally {
    await kill(running.child, "SIGTERM");
  }
  expect((await check()).faults).toEqual([]);
});
