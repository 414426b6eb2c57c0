/**
 * Benches that are tests at another size: what is refused, survived or kept under faults, replays, fuzz and foreign hands.
 * Each runs test files of tests/ in a process of its own, prints what they saw, one line a trial, and their number at last.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { once } from "node:events";
import { z } from "zod";
import { machine, wantedScale } from "./measurement.ts";

/** Environment variable with the file to which tests add their figures. */
export const FIGURES_VARIABLE = "AQUILA_FIGURES";

const ROOT = dirname(import.meta.dirname);

export type Trial = { readonly about: string; readonly files: readonly string[] };

/** By the bench's name. */
export const TRIALS: Readonly<Record<string, Trial>> = {
  access: {
    about: "every route by every method, for each kind of caller and each owner",
    files: ["tests/server/access.test.ts"],
  },
  faults: {
    about: "kill -9 at durable steps and at random instants, writes that fail, full disks, cut stores, flipped bits",
    files: ["tests/server/crash", "tests/server/faults"],
  },
  fork: {
    about: "servers that fork their log or roll it back, and the clients that see it",
    files: ["tests/client/log-history.test.ts"],
  },
  fuzz: {
    about: "damaged batches and signed heads, requests drawn from the OpenAPI document, hostile HTTP",
    files: ["tests/server/fuzz", "tests/server/hostile.test.ts"],
  },
  replay: {
    about: "captured requests, sent again as they were and changed in every way",
    files: ["tests/server/replay.test.ts"],
  },
};

const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
});

/**
 * @param name - One of {@link TRIALS}.
 * @param args - After the bench's name.
 * @returns Exit code: 0 all as specified, 1 a test failed, 64 wrong usage.
 */
export async function trial(name: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean", default: false } } });
  const scale = wantedScale();
  const { files } = TRIALS[name] ?? { files: [] };
  const folder = mkdtempSync(join(tmpdir(), "aquila-bench-trial-"));
  try {
    const started = performance.now();
    const { report, isWell } = await runTests(files, folder, scale);
    const seconds = Math.round((performance.now() - started) / 1_000);
    const print = (figures: object): void => {
      const line = { bench: name, scale, ...figures };
      console.log(values.json ? JSON.stringify({ ...line, machine: machine() }) : rowOf(line));
    };
    const figures = join(folder, "figures.jsonl");
    const lines = existsSync(figures) ? readFileSync(figures, "utf8").trimEnd().split("\n") : [];
    for (const line of lines) print(JSON.parse(line) as object);
    // A file that does not load, or a process that crashed, is a failure without a test.
    const failed = Math.max(report.numFailedTests, Number(!isWell));
    print({ passed: report.numPassedTests, failed, skipped: report.numPendingTests, seconds });
    return failed === 0 && report.numPassedTests > 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns What ran, and whether the runner itself ended well. */
async function runTests(
  files: readonly string[],
  folder: string,
  scale: string,
): Promise<{ report: z.infer<typeof Report>; isWell: boolean }> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const output = join(folder, "report.json");
  const reporters = ["--reporter=json", `--outputFile=${output}`, "--reporter=default"];
  const child = spawn(process.execPath, [vitest, "run", ...files, ...reporters], {
    cwd: ROOT,
    // Its own words go where they do not stand between the lines.
    stdio: ["ignore", 2, 2],
    env: { ...process.env, BENCH: scale, [FIGURES_VARIABLE]: join(folder, "figures.jsonl") },
  });
  const [exitCode] = (await once(child, "exit")) as [number | null];
  if (!existsSync(output)) throw new Error("the tests left no report");
  return { report: Report.parse(JSON.parse(readFileSync(output, "utf8"))), isWell: exitCode === 0 };
}

function rowOf(line: Readonly<Record<string, unknown>>): string {
  return Object.entries(line)
    .map(([name, value]) => `${name} ${typeof value === "number" ? value.toLocaleString("en") : String(value)}`)
    .join("  ");
}
