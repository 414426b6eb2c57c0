/**
 * Child processes of the bench: each measures itself and prints one line; all are held to one core where the system can.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readChildLine, type ChildLine, type SkippedLine, type System } from "./line.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CORE = "0";
const MAX_OUTPUT_BYTES = 1 << 26;
const STDERR_TAIL = 400;

let canPin: boolean | undefined;

/** @returns Cores that every child is held to: 1 with taskset, null without. */
export function coresOfChildren(): 1 | null {
  canPin ??= spawnSync("taskset", ["-c", CORE, "true"]).status === 0;
  return canPin ? 1 : null;
}

/**
 * Runs a child to its end.
 *
 * @throws Error with the end of its standard error if it fails.
 */
export function runChild(command: string, args: readonly string[]): ChildLine {
  const pinned = coresOfChildren() === 1;
  const wholeArgs = pinned ? ["-c", CORE, command, ...args] : args;
  const { status, signal, stdout, stderr, error } = spawnSync(pinned ? "taskset" : command, wholeArgs, {
    cwd: ROOT,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    encoding: "utf8",
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`ended with ${String(signal ?? status)}: ${stderr.trimEnd().slice(-STDERR_TAIL)}`);
  return readChildLine(stdout);
}

/** Runs a TypeScript file of this folder in a Node of its own. */
export function runNodeChild(file: string, args: readonly string[]): ChildLine {
  return runChild(process.execPath, ["start.mjs", `bench/thirdparty/${file}`, ...args]);
}

/** What a rival measured; one that fails is told as left out, does not take the others' lines with it, and fails the run. */
export function tried<Result>(system: System, measure: () => Result): Result | SkippedLine {
  try {
    return measure();
  } catch (error) {
    process.exitCode = 1;
    return { system, skipped: `failed: ${error instanceof Error ? error.message : String(error)}` };
  }
}
