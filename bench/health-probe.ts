/**
 * A thread of bench `ingest` that asks /healthz again and again: its time is what any small request waits.
 * In: the server's URL. Out, once it is told to stop: the times, milliseconds.
 */
import { setTimeout as wait } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";

/** Seldom enough to cost the server little. */
const PROBE_EVERY_MS = 100;

const given: unknown = workerData;
const { url } = z.object({ url: z.url() }).parse(given);
const timesMs: number[] = [];
let isRunning = true;
parentPort?.once("message", () => {
  isRunning = false;
});
while (isRunning) {
  const started = performance.now();
  await (await fetch(`${url}/healthz`)).text();
  timesMs.push(performance.now() - started);
  await wait(PROBE_EVERY_MS);
}
parentPort?.postMessage(timesMs);
