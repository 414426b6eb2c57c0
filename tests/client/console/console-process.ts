/**
 * `aquila console` as a process, with the passphrase of the tests' vaults on a descriptor of its own.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { INHERITED } from "../commands/command-line.ts";
import { PASSPHRASE } from "../folders.ts";

const START = fileURLToPath(new URL("../../../start.mjs", import.meta.url));

/** @param args - Behind `aquila console`. */
export function startConsole(args: readonly string[]): ChildProcess {
  const aside = mkdtempSync(join(tmpdir(), "aquila-passphrase-"));
  const passphrase = join(aside, "passphrase");
  writeFileSync(passphrase, PASSPHRASE);
  const descriptor = openSync(passphrase, "r");
  const child = spawn(process.execPath, [START, "client/main.ts", "--passphrase-fd", "3", "console", ...args], {
    env: INHERITED,
    stdio: ["pipe", "pipe", "pipe", descriptor],
  });
  closeSync(descriptor);
  rmSync(aside, { recursive: true });
  return child;
}

/** @returns The addresses that a console with --json prints, one at each call. */
export function addressesOf({ stdout }: ChildProcess): () => Promise<string> {
  if (stdout === null) throw new RangeError("the console's output is not read");
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the console ended");
    return (JSON.parse(value) as { address: string }).address;
  };
}

/** Ends it as a terminal does, and waits. */
export async function endConsole(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
