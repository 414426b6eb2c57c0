/**
 * What the server uses of its machine, sampled again and again and kept for an hour, in memory alone; docs/spec/pages.md, "Resources".
 */
import { statfs } from "node:fs/promises";
import type { Socket } from "node:net";
import { dirname } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { App } from "./app.ts";
import { MAX_SAMPLES, type ResourceList, type ResourceSample } from "./operations-shapes.ts";
import type { Secretariat } from "./secretariat.ts";

const SAMPLE_EVERY_MS = 5_000;
const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;
const US_PER_MS = 1e3;

/** @returns The samples kept, and one of now unless the last has just been taken. */
export type ListResources = () => Promise<ResourceList>;

/** What has been counted since the server began. */
type Counted = {
  readonly atMs: number;
  readonly processorUs: number;
  readonly requests: number;
  readonly bytesIn: number;
};

/** Watches until the app closes. */
export function watchResources(
  app: App,
  { clock, pool, roundsFolder }: Pick<Secretariat, "clock" | "pool" | "roundsFolder">,
  everyMs = SAMPLE_EVERY_MS,
): ListResources {
  // The folder of rounds comes with the first of them.
  const dataDir = dirname(roundsFolder);
  const kept: ResourceSample[] = [];
  const counters = countTraffic(app);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const count = (): Counted => {
    const { user, system } = process.cpuUsage();
    return { atMs: performance.now(), processorUs: user + system, ...counters() };
  };
  let before = count();

  /** All at one time: what is asked of the disk comes before. */
  const look = async (): Promise<{ readonly sample: ResourceSample; readonly now: Counted }> => {
    const { bavail, bsize } = await statfs(dataDir);
    const now = count();
    // No shorter than a timer can tell.
    const elapsedMs = Math.max(now.atMs - before.atMs, 1);
    const sample = {
      at: clock().toISOString(),
      processors: (now.processorUs - before.processorUs) / US_PER_MS / elapsedMs,
      rssBytes: process.memoryUsage.rss(),
      eventLoopDelayP99Ms: Math.max(delay.percentile(99) / NS_PER_MS - RESOLUTION_MS, 0),
      requestsPerSecond: ((now.requests - before.requests) / elapsedMs) * 1_000,
      bytesInPerSecond: ((now.bytesIn - before.bytesIn) / elapsedMs) * 1_000,
      diskFreeBytes: bavail * bsize,
      tasksWaiting: pool.waiting(),
    };
    return { sample, now };
  };
  const keep = async (): Promise<void> => {
    const { sample, now } = await look();
    kept.push(sample);
    if (kept.length >= MAX_SAMPLES) kept.shift();
    before = now;
    delay.reset();
  };
  const sampling = setInterval(() => {
    // A disk that does not answer leaves a gap.
    keep().catch(() => undefined);
  }, everyMs).unref();
  app.addHook("onClose", (_app, done) => {
    clearInterval(sampling);
    delay.disable();
    done();
  });
  return async () => {
    // Rates over a moment say nothing.
    const isFresh = kept.length > 0 && performance.now() - before.atMs < everyMs / 2;
    return { everyMs, samples: isFresh ? [...kept] : [...kept, (await look()).sample] };
  };
}

/** @returns What gives requests taken and bytes read so far, of closed connections too. */
function countTraffic(app: App): () => Pick<Counted, "requests" | "bytesIn"> {
  let requests = 0;
  let bytesOfClosed = 0;
  const open = new Set<Socket>();
  app.addHook("onRequest", (_request, _reply, done) => {
    requests += 1;
    done();
  });
  app.server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => {
      bytesOfClosed += socket.bytesRead;
      open.delete(socket);
    });
  });
  return () => {
    let bytesIn = bytesOfClosed;
    for (const { bytesRead } of open) bytesIn += bytesRead;
    return { requests, bytesIn };
  };
}
