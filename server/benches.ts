/**
 * Speed benches on this machine, each as a process of its own beside the server, one at a time; docs/spec/pages.md, "Benches".
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { LinkageError } from "#engine/errors.ts";
import { readBenchLine } from "./bench-line.ts";
import { faultOf } from "./log.ts";
import { MAX_LINES, MAX_RUNS, type BenchList, type BenchOrder, type BenchRun } from "./operations-shapes.ts";
import type { Secretariat } from "./secretariat.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const COMMAND = ["start.mjs", "bench/main.ts"];
const LIMIT_MS = 600_000;
const MAX_LINE_LENGTH = 8_192;

export type Benches = {
  readonly list: () => BenchList;
  /** @throws {@link LinkageError} `request-invalid` where there are none; `limit-reached` while one runs; `round-state` while a round is matching. */
  readonly requireIdle: () => void;
  /** @throws {@link LinkageError} as {@link Benches.requireIdle}. */
  readonly start: (order: BenchOrder) => void;
  /** Ends what runs; returns at once. */
  readonly stop: () => void;
};

/** @param limitMs - After which a bench is ended. */
export function makeBenches(
  { clock, jobs, log, matchings, stopping }: Pick<Secretariat, "clock" | "jobs" | "log" | "matchings" | "stopping">,
  limitMs = LIMIT_MS,
): Benches {
  const isInstalled = areInstalled();
  /** Newest first. */
  const runs: BenchRun[] = [];
  let stopRunning: ((outcome: BenchRun["outcome"]) => void) | null = null;

  const requireIdle = (): void => {
    if (!isInstalled)
      throw new LinkageError("request-invalid", "the benches are not installed here; they come with a checkout");
    if (stopRunning !== null) throw new LinkageError("limit-reached", "a bench is running; wait for it or stop it");
    if (matchings.size > 0) throw new LinkageError("round-state", "a round is matching; a bench would slow it down");
  };
  const run = async (order: BenchOrder): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), "aquila-bench-run-"));
    let current: BenchRun = { ...order, ...begun(clock) };
    runs.unshift(current);
    runs.splice(MAX_RUNS);
    const change = (changes: Partial<BenchRun>): void => {
      const place = runs.indexOf(current);
      current = { ...current, ...changes };
      if (place >= 0) runs[place] = current;
    };
    const ending: { outcome: BenchRun["outcome"] | null } = { outcome: null };
    const onStop = (): void => stopRunning?.("stopped");
    stopping.addEventListener("abort", onStop, { once: true });
    const limit = setTimeout(() => stopRunning?.("timed-out"), limitMs).unref();
    let code: number | null = null;
    try {
      const child = startBench(order, folder);
      stopRunning = (why) => {
        ending.outcome ??= why;
        killGroup(child);
      };
      const ended = endOf(child);
      await readLines(child.stdout, (text) => {
        const line = text === null ? null : readBenchLine(text, order.bench);
        const { lines, linesLeftOut } = current;
        if (line === null || lines.length >= MAX_LINES) change({ linesLeftOut: linesLeftOut + 1 });
        else change({ lines: [...lines, line] });
      });
      code = await ended;
    } finally {
      // Also when it could not be started: the next one can be, and is not ended by this one's limit.
      clearTimeout(limit);
      stopping.removeEventListener("abort", onStop);
      stopRunning = null;
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
      change({ endedAt: clock().toISOString(), outcome: ending.outcome ?? (code === 0 ? "done" : "failed") });
    }
  };

  return {
    list: () => ({ isInstalled, runs: [...runs] }),
    requireIdle,
    start: (order) => {
      requireIdle();
      const job = run(order)
        .catch((error: unknown) => {
          log.error({ fault: faultOf(error) }, "a bench could not be run");
        })
        .finally(() => jobs.delete(job));
      jobs.add(job);
    },
    stop: () => stopRunning?.("stopped"),
  };
}

function begun(clock: Secretariat["clock"]): Omit<BenchRun, keyof BenchOrder> {
  return { startedAt: clock().toISOString(), endedAt: null, outcome: "running", lines: [], linesLeftOut: 0 };
}

/** The files of the benches and what they need; an installation without development packages lacks one or both. */
function areInstalled(): boolean {
  if (!existsSync(join(PROJECT, "bench/main.ts"))) return false;
  try {
    createRequire(import.meta.url).resolve("autocannon/package.json");
    return true;
  } catch {
    return false;
  }
}

/** In a process group of its own, so that what it starts ends with it; its errors are nobody's to read here. */
function startBench({ bench, scale }: BenchOrder, folder: string): ChildProcess & { readonly stdout: Readable } {
  return spawn(process.execPath, [...COMMAND, bench, "--json"], {
    cwd: PROJECT,
    detached: true,
    env: { PATH: process.env["PATH"], BENCH: scale, TMPDIR: folder },
    stdio: ["ignore", "pipe", "ignore"],
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** @returns Exit code; null if it was killed or did not start. */
function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("close", resolve);
    child.once("error", () => {
      resolve(null);
    });
  });
}

/** @param onLine - Gets each line; null for one that is too long. */
async function readLines(output: Readable, onLine: (text: string | null) => void): Promise<void> {
  let text = "";
  let isTooLong = false;
  output.setEncoding("utf8");
  for await (const piece of output as AsyncIterable<string>) {
    const lines = (text + piece).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      onLine(isTooLong || line.length > MAX_LINE_LENGTH ? null : line);
      isTooLong = false;
    }
    if (text.length > MAX_LINE_LENGTH) {
      isTooLong = true;
      text = "";
    }
  }
  if (text !== "" || isTooLong) onLine(isTooLong ? null : text);
}
