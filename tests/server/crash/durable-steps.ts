/**
 * Names and counts of durable steps, and the one at which the process is killed.
 * The counts are shared by all threads of the process: what a worker writes counts with the rest.
 */
import { appendFileSync } from "node:fs";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";

/** Variables that the preload reads; tests/server/crash/crashing-process.ts sets them. */
export const CRASH_VARIABLE = "AQUILA_TEST_CRASH";
export const STEPS_VARIABLE = "AQUILA_TEST_STEPS";

const COUNTS = "aquila-test-durable-steps";
/** Places in the shared counts: all steps, and those that have the target's name. */
const ALL = 0;
const NAMED = 1;

/** Where the process is to be killed: at a step by number, or at one of those that have a name. Both count from 1. */
export type Crash = { readonly when: "before" | "after" } & (
  { readonly step: number } | { readonly name: string; readonly occurrence: number }
);

/** @returns `before:17`, or `after:commit released#2`. */
export function crashText(crash: Crash): string {
  return `${crash.when}:${"step" in crash ? crash.step : `${crash.name}#${crash.occurrence}`}`;
}

/** @param text - As {@link crashText} gives it; without `#` the first of that name. */
export function parseCrash(text: string): Crash {
  const [, when, what = "", occurrence = "1"] = /^(before|after):(.+?)(?:#(\d+))?$/.exec(text) ?? [];
  if (when !== "before" && when !== "after") throw new RangeError(`${CRASH_VARIABLE}: ${text}`);
  return /^\d+$/.test(what) ? { when, step: Number(what) } : { when, name: what, occurrence: Number(occurrence) };
}

/** Counts steps of one process. */
export class DurableSteps {
  readonly #crash: Crash | null;
  readonly #file: string | null;
  readonly #counts: Int32Array;

  /** @param file - Where each step's name is appended before it is done, one a line; nowhere if null. */
  constructor(crash: Crash | null, file: string | null) {
    this.#crash = crash;
    this.#file = file;
    const shared: unknown = isMainThread ? new SharedArrayBuffer(8) : getEnvironmentData(COUNTS);
    if (!(shared instanceof SharedArrayBuffer)) throw new Error("a thread of no process that counts its steps");
    if (isMainThread) setEnvironmentData(COUNTS, shared);
    this.#counts = new Int32Array(shared);
  }

  /** A step is about to be done. @returns To be called when it is. */
  begin(name: string): () => void {
    const step = Atomics.add(this.#counts, ALL, 1) + 1;
    if (this.#file !== null) appendFileSync(this.#file, `${name}\n`);
    if (!this.#isTarget(step, name)) return () => undefined;
    if (this.#crash?.when === "before") die();
    return die;
  }

  #isTarget(step: number, name: string): boolean {
    if (this.#crash === null) return false;
    if ("step" in this.#crash) return this.#crash.step === step;
    return this.#crash.name === name && Atomics.add(this.#counts, NAMED, 1) + 1 === this.#crash.occurrence;
  }
}

/** As a power cut ends it, but for what the operating system still writes. */
function die(): void {
  process.kill(process.pid, "SIGKILL");
  // Nothing more is done until the signal is there.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
