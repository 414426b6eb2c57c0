/**
 * `aquila` as a process, with passphrases on descriptors of its own or typed at a terminal.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PASSPHRASE } from "../folders.ts";

const START = fileURLToPath(new URL("../../../start.mjs", import.meta.url));
const TEXT = new TextDecoder().decode(PASSPHRASE);
/** All that the process has of this one's environment. */
export const INHERITED = { PATH: process.env["PATH"] };

export type Outcome = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/**
 * @param passphrases - What descriptors 3, 4, … hold; the first is given as --passphrase-fd.
 * @param environment - Beside {@link INHERITED}, all that it has.
 */
export async function runAquila(
  folder: string,
  args: readonly string[],
  passphrases: readonly string[] = [TEXT],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const aside = mkdtempSync(join(tmpdir(), "aquila-passphrases-"));
  const descriptors = passphrases.map((passphrase, at) => {
    writeFileSync(join(aside, String(at)), `${passphrase}\n`);
    return openSync(join(aside, String(at)), "r");
  });
  const given = passphrases.length === 0 ? [] : ["--passphrase-fd", "3"];
  try {
    return await ended(
      spawn(process.execPath, [START, "client/main.ts", ...given, ...args], {
        cwd: folder,
        env: { ...INHERITED, ...environment },
        stdio: ["ignore", "pipe", "pipe", ...descriptors],
      }),
    );
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
    rmSync(aside, { recursive: true });
  }
}

/**
 * Runs `aquila` at a pseudo-terminal, script(1), and types an answer whenever what is shown ends in a colon.
 *
 * @returns What the terminal showed is `stdout`.
 */
export function typeAtAquila(folder: string, args: readonly string[], answers: readonly string[]): Promise<Outcome> {
  const command = [process.execPath, START, "client/main.ts", ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    cwd: folder,
    env: { ...INHERITED, TERM: "xterm" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const left = [...answers];
  let shown = "";
  child.stdout.on("data", (piece: Buffer) => {
    shown += piece.toString();
    if (!shown.endsWith(": ")) return;
    shown = "";
    const answer = left.shift();
    if (answer !== undefined) child.stdin.write(`${answer}\r`);
  });
  return ended(child);
}

function ended(child: ReturnType<typeof spawn>): Promise<Outcome> {
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]?.on("data", (piece: Buffer) => {
      text[stream] += piece.toString();
    });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => {
      resolve({ exitCode: exitCode ?? -1, ...text });
    });
  });
}
