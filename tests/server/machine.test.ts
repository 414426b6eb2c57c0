/**
 * What staff sees of the server's machine: resources of the last hour, and benches, one at a time.
 */
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuditLeaf } from "#engine/audit/entry.ts";
import { forecastByPairing } from "#engine/round/forecast.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { readBenchLine } from "#server/bench-line.ts";
import { makeBenches } from "#server/benches.ts";
import { makeLog } from "#server/log.ts";
import { BenchList, ResourceList, RoundForecast } from "#server/operations-shapes.ts";
import type { Matching } from "#server/secretariat.ts";
import { forecastOf } from "#client/commands/round/describe.ts";
import { makeDescriptor, makeHouse, officerSigning, operatorSigning, removeHouse, startServer } from "./harness.ts";
import type { House, RunningServer } from "./harness.ts";
import { codeOf, send, type Answer } from "./requests.ts";

const BENCHES = "/v1/operations/benches";
let house: House;
let server: RunningServer;
beforeEach(async () => {
  house = makeHouse();
  server = await startServer(house, { samplesEveryMs: 20 });
});
afterEach(async () => {
  await server.app.close();
  removeHouse(house);
});

const listOf = ({ text }: Answer): BenchList => BenchList.parse(JSON.parse(text));
const benches = async (): Promise<BenchList> => listOf(await send(server.url, operatorSigning(house), "GET", BENCHES));
const start = (order: unknown): Promise<Answer> => send(server.url, operatorSigning(house), "POST", BENCHES, order);

/** Asks until the newest run has ended. */
async function untilEnded(): Promise<BenchList["runs"][number] | undefined> {
  await expect.poll(async () => (await benches()).runs[0]?.endedAt ?? null, { timeout: 120_000 }).not.toBeNull();
  return (await benches()).runs[0];
}

describe("resources", () => {
  it("are sampled in order, and say what was used since the sample before", async () => {
    const ask = async (): Promise<ResourceList> => {
      const { text } = await send(server.url, officerSigning(house), "GET", "/v1/operations/resources");
      return ResourceList.parse(JSON.parse(text));
    };
    await expect.poll(async () => (await ask()).samples.length, { timeout: 30_000 }).toBeGreaterThan(5);
    const found = await ask();
    const times = found.samples.map(({ at }) => at);
    expect(times).toEqual([...times].sort());
    expect(found.everyMs).toBe(20);
    for (const { rssBytes, diskFreeBytes, processors } of found.samples) {
      expect(rssBytes).toBeGreaterThan(10_000_000);
      expect(diskFreeBytes).toBeGreaterThan(1_000_000);
      expect(processors).toBeLessThan(64);
    }
    expect(Math.max(...found.samples.map(({ requestsPerSecond }) => requestsPerSecond))).toBeGreaterThan(0);
    expect(Math.max(...found.samples.map(({ bytesInPerSecond }) => bytesInPerSecond))).toBeGreaterThan(100);
  });
});

describe("a bench", () => {
  it("runs under a fixed name and scale, and its lines are kept and its start is entered", async () => {
    for (const order of [
      { bench: "quality", scale: "smoke" },
      { bench: "join", scale: "full" },
      { bench: "join", scale: "smoke", args: ["--list"] },
      { bench: "join --list", scale: "smoke" },
    ])
      expect((await start(order)).status).toBe(400);
    const begun = await start({ bench: "join", scale: "smoke" });
    expect(begun.status).toBe(202);
    expect(listOf(begun).runs[0]).toMatchObject({ bench: "join", scale: "smoke", outcome: "running", endedAt: null });
    expect(codeOf(await start({ bench: "api", scale: "smoke" }))).toBe("limit-reached");
    const run = await untilEnded();
    expect(run).toMatchObject({ outcome: "done", linesLeftOut: 0 });
    expect(run?.lines[0]?.figures["keysPerSecond"]).toBeGreaterThan(0);
    expect(run?.lines[0]?.size["rowsA"]).toBe(20_000);
    const leaves = JSON.parse(
      (await send(server.url, officerSigning(house), "GET", "/v1/audit/leaves?from=0")).text,
    ) as unknown[];
    const entered = leaves.map((leaf) => AuditLeaf.parse(leaf).entry);
    expect(entered).toMatchObject([
      { act: "bench-started", actor: "operator:op-1", about: "join, smoke", round: null },
    ]);
  });

  it("is ended by an operator, with what it started", async () => {
    await start({ bench: "ingest", scale: "usual" });
    const stopped = await send(server.url, operatorSigning(house, 1), "DELETE", BENCHES);
    expect(stopped.status).toBe(200);
    expect(await untilEnded()).toMatchObject({ outcome: "stopped", lines: [] });
    expect(codeOf(await send(server.url, officerSigning(house), "DELETE", BENCHES))).toBe("request-forbidden");
  });

  it("that takes too long is ended, and so is one that runs when the server closes", async () => {
    const jobs = new Set<Promise<void>>();
    const stop = new AbortController();
    const matchings = new Map<string, Matching>();
    const log = makeLog("silent");
    const parts = { clock: () => new Date(), jobs, log, matchings, stopping: stop.signal };
    const hasty = makeBenches(parts, 1);
    hasty.start({ bench: "join", scale: "usual" });
    await Promise.all(jobs);
    expect(hasty.list().runs[0]).toMatchObject({ outcome: "timed-out" });
    const closing = makeBenches(parts);
    closing.start({ bench: "join", scale: "usual" });
    stop.abort();
    await Promise.all(jobs);
    expect(closing.list().runs[0]).toMatchObject({ outcome: "stopped" });
    expect(jobs.size).toBe(0);
  });

  it.each([
    ["is not there", "/nowhere/node"],
    ["cannot even be asked for, as when no descriptor is left", "/no\0where"],
  ])("whose program %s has failed, and the next one may be started", async (_why, program) => {
    const jobs = new Set<Promise<void>>();
    const parts = { clock: () => new Date(), jobs, log: makeLog("silent"), matchings: new Map<string, Matching>() };
    const stopping = new AbortController().signal;
    const { list, requireIdle, start: begin } = makeBenches({ ...parts, stopping });
    const { execPath } = process;
    process.execPath = program;
    try {
      begin({ bench: "join", scale: "smoke" });
    } finally {
      process.execPath = execPath;
    }
    await Promise.all(jobs);
    expect(list().runs).toMatchObject([{ outcome: "failed", endedAt: expect.any(String) as string }]);
    expect(requireIdle).not.toThrow();
    // Nothing of it is left that would end another.
    expect(getEventListeners(stopping, "abort")).toEqual([]);
  });

  it("does not run while a round is matching", () => {
    const progress = { stage: "joining" as const, bytesDone: 0, bytesTotal: 0, pairingsDone: 0, pairingsTotal: 0 };
    const matchings = new Map([["r", { progress, stop: new AbortController(), ended: Promise.resolve() }]]);
    const stopping = new AbortController().signal;
    const { requireIdle } = makeBenches({
      clock: () => new Date(),
      jobs: new Set(),
      log: makeLog("silent"),
      matchings,
      stopping,
    });
    expect(requireIdle).toThrow("a round is matching");
  });
});

describe("a bench's line", () => {
  it("gives its numbers and a few words, and nothing else", () => {
    const printed = {
      bench: "api",
      asked: "round",
      size: { requests: 200, nested: { a: 1 }, text: "no" },
      requestsPerSecond: 5,
      p99Ms: null,
      list: [1, 2],
      checksum: "00ff",
      machine: "a processor",
    };
    expect(readBenchLine(JSON.stringify(printed), "api")).toEqual({
      asked: "round",
      size: { requests: 200 },
      figures: { requestsPerSecond: 5 },
      checksum: "00ff",
      machine: "a processor",
    });
  });

  it.each(["", "not JSON", "[]", '{"bench":"join","size":{}}', '{"bench":"api"}', '{"bench":"api","size":{"a b":1}}'])(
    "%j is none of bench api",
    (text) => {
      expect(readBenchLine(text, "api")).toBeNull();
    },
  );
});

describe("the forecast of a round", () => {
  it("is, summed, that of the command line", () => {
    const descriptor = makeDescriptor(house, {
      parties: ["AT", "HR", "SI"].map((id) => ({ id, declaredRecords: 5_000 })),
    });
    const wanted = forecastOf(descriptor);
    const found = forecastByPairing(SHIPPED_PROFILE, descriptor);
    for (const band of ["high", "medium", "low"] as const)
      expect(found.reduce((sum, pairing) => sum + pairing[band], 0)).toBeCloseTo(wanted[band], 9);
    expect(wanted.low).toBeGreaterThan(0);
  });

  it("is given by pairing to staff", async () => {
    const descriptor = makeDescriptor(house);
    await send(server.url, operatorSigning(house), "POST", "/v1/rounds", descriptor);
    const answer = await send(server.url, officerSigning(house), "GET", `/v1/rounds/${descriptor.id}/forecast`);
    const forecast = RoundForecast.parse(JSON.parse(answer.text));
    expect(forecast.map(({ pairing }) => pairing)).toEqual(descriptor.pairings);
  });
});
