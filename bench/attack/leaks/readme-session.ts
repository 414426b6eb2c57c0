/**
 * The README's working session as it stands there, run by bash on lists with planted persons; and what it leaves behind:
 * the shell's history, every command line, the terminal, and files outside vaults, lists and key files.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { openIdentityFile, STAFF_FILE } from "#client/sealed-identity.ts";
import { openVault } from "#client/vault.ts";
import type { FixtureRecord } from "#fixtures/people.ts";
import { secretOfBytes, secretsOfPersons, WARDS, type Secret } from "./planted.ts";
import type { Place } from "./search.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;
const PARTIES = ["AT", "HR"];
/** Private to their owners: searched for, not searched. */
const OWN = /^(AT|HR|lists|passphrase|server\.key|data-keys|.*-hits\.csv|.*\.key)$/;
const MOST_SLOWER = 6;

export type Session = { readonly secrets: readonly Secret[]; readonly places: readonly Place[] };

/** @returns The README's commands. */
function readmeSession(): string {
  const block = /## A working session[\s\S]*?```sh\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, "README.md"), "utf8"));
  if (block?.[1] === undefined) throw new Error("the README has no working session");
  return block[1];
}

/** @param script - Bash, in the folder `$S`, with a temporary folder of its own. @throws Error if its last command fails. */
export async function runSession(folder: string, script: string): Promise<Place> {
  const at = (name: string): string => join(folder, name);
  mkdirSync(at("S"), { recursive: true });
  mkdirSync(at("temporary"));
  writeFileSync(at("history"), script);
  // A busy machine needs longer than the README's pauses.
  const slower = Math.min(MOST_SLOWER, Math.max(1, Math.ceil((loadavg()[0] ?? 0) / cpus().length)));
  const prelude = `exec 9> ${at("command-lines")}; BASH_XTRACEFD=9; set -x; trap 'kill $(jobs -p)' EXIT; sleep() { command sleep $((${slower} * $1)); }\n`;
  const terminal = openSync(at("terminal"), "w");
  const child = spawn("bash", ["-c", prelude + script], {
    cwd: ROOT,
    stdio: ["ignore", terminal, terminal],
    env: {
      ...process.env,
      S: at("S"),
      TMPDIR: at("temporary"),
      npm_config_cache: at("npm"),
      npm_config_update_notifier: "false",
    },
  });
  closeSync(terminal);
  await once(child, "exit");
  if (child.exitCode !== 0) throw new Error(`the session failed: ${readFileSync(at("terminal"), "utf8").slice(-500)}`);
  const left = readdirSync(at("S"))
    .filter((name) => !OWN.test(name))
    .map((name) => join(at("S"), name));
  const around = ["history", "command-lines", "terminal", "temporary", "npm"].map(at);
  return {
    name: "session",
    paths: [...around.filter((path) => readdirSync(folder).includes(path.slice(folder.length + 1))), ...left],
    forbidden: WARDS,
  };
}

/** @param records - Planted in both lists. */
export async function runReadmeSession(folder: string, records: readonly FixtureRecord[]): Promise<Session> {
  mkdirSync(join(folder, "planted"), { recursive: true });
  for (const party of PARTIES)
    writeFileSync(
      join(folder, "planted", party),
      records
        .map((record, at) => `${JSON.stringify({ ...record, party, rec_id: `${party}-planted-${at}` })}\n`)
        .join(""),
    );
  const port = await freePort();
  const plant = PARTIES.map((party) => {
    const list = `$S/lists/${party}.jsonl`;
    return `head -n -${records.length} ${list} > ${list}.short; cat ${list}.short ${join(folder, "planted", party)} > ${list}`;
  });
  const script = replaced(readmeSession(), [
    ["S=$(mktemp -d); ", ""],
    ["127.0.0.1:8443", `127.0.0.1:${port}`],
    ['\'{"dataDir"', `'{"port":${port},"dataDir"`],
    [/^npm run -s fixtures.*$/m, (line: string) => [line, ...plant].join("\n")],
  ]);
  const place = await runSession(folder, script);
  if (!existsSync(join(folder, "S", "certificate.json"))) throw new Error("the session did not come to its end");
  return { places: [place], secrets: [...secretsOfPersons(records), ...keysIn(join(folder, "S"))] };
}

function replaced(
  text: string,
  changes: readonly (readonly [string | RegExp, string | ((found: string) => string)])[],
): string {
  return changes.reduce((before, [what, by]) => {
    const after = typeof by === "string" ? before.replace(what, () => by) : before.replace(what, by);
    if (after === before) throw new Error(`the README's session has changed: ${String(what)}`);
    return after;
  }, text);
}

/** Keys that the session has made. */
function keysIn(folder: string): Secret[] {
  const bytes = (text: string): Buffer => Buffer.from(text, "base64url");
  const passphrase = readFileSync(join(folder, "passphrase"), "utf8").trimEnd();
  const staff = ["op-1", "op-2", "dpo-1"].map((id) =>
    openIdentityFile(join(folder, `${id}.key`), STAFF_FILE, Buffer.from(passphrase)),
  );
  const ofParties = PARTIES.flatMap((party) => {
    using vault = openVault(join(folder, party), Buffer.from(passphrase));
    const { signSecret, boxSecret } = vault.identity;
    const pairings = vault.pairings("2026-1") ?? [];
    const keys = [vault.access().key, ...pairings.flatMap(({ keyProof, keyNotice }) => [keyProof, keyNotice])];
    return [
      ...[signSecret, boxSecret].map((key) => secretOfBytes("private key", "party", bytes(key))),
      ...keys.flatMap((key) => (key === null ? [] : [secretOfBytes("symmetric key", "party", key)])),
    ];
  });
  return [
    ...ofParties,
    ...staff.map(({ signSecret }) => secretOfBytes("private key", "party", bytes(signSecret))),
    secretOfBytes("symmetric key", "party", Buffer.from(passphrase)),
    secretOfBytes("symmetric key", "server", readFileSync(join(folder, "server.key"))),
  ];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
