/**
 * `aquila server plan` as an operator meets it.
 */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { temporaryFolder } from "../folders.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

let folder = "";
beforeEach(() => {
  folder = temporaryFolder();
});

type Outcome = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

function plan(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { PATH: process.env["PATH"] };
    const argv = [join(ROOT, "start.mjs"), "client/main.ts", "server", "plan", ...args];
    const child = execFile(process.execPath, argv, { cwd: folder, env }, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

const rate = z.number().positive();
const Plan = z.looseObject({
  parties: z.literal(12),
  rowCount: z.literal(2_000),
  pairings: z.literal(66),
  batches: z.literal(132),
  diskBytes: z.number().min(132 * 2_000 * 35 * 12),
  memoryBytes: z.number().positive(),
  seconds: z.strictObject({ store: rate, check: rate, match: rate }),
  rates: z.strictObject({
    storeBytesPerSecond: rate,
    checkBytesPerSecond: rate,
    matchBytesPerSecond: rate,
    secondsPerPairing: rate,
  }),
});

test("says what a round of twelve takes and what is assumed, and leaves nothing in the folder", async () => {
  const { exitCode, stdout, stderr } = await plan("--parties", "12", "--records", "2000", "--workers", "1");
  expect(`${exitCode} ${stderr}`).toBe("0 ");
  for (const part of ["132 of", "disk", "memory", "time", "measured here", "assumed:"]) expect(stdout).toContain(part);
  expect(readdirSync(folder)).toEqual([]);
});

test("says it as JSON", async () => {
  const { exitCode, stdout } = await plan("--parties", "12", "--records", "2000", "--data-dir", folder, "--json");
  expect(exitCode).toBe(0);
  Plan.parse(JSON.parse(stdout));
});

test("refuses counts that no round has, and a folder that is none", async () => {
  expect((await plan("--parties", "1", "--records", "10")).exitCode).toBe(2);
  expect((await plan("--parties", "2", "--records", "many")).exitCode).toBe(2);
  const { exitCode, stderr } = await plan("--parties", "2", "--records", "10", "--data-dir", "nowhere");
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/^aquila: file-unreadable: /);
});
