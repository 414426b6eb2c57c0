/**
 * What /metrics tells whoever runs the server, and that it tells nothing of parties.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeMetrics } from "#server/metrics.ts";
import type { Matching } from "#server/secretariat.ts";
import { openStore } from "#server/store/open.ts";
import { acknowledge, sealedRound } from "./acts.ts";
import { makeDescriptor, makeHouse, partySigning, people, removeHouse, startServer } from "./harness.ts";
import { send } from "./requests.ts";

it("counts matchings by stage, and what waits for a worker", async () => {
  const folder = mkdtempSync(join(tmpdir(), "aquila-metrics-"));
  const store = await openStore(join(folder, "aquila.db"));
  const matchings = new Map<string, Matching>();
  let waiting = 7;
  const { registry } = makeMetrics({ store, pool: { waiting: () => waiting }, matchings });
  const [progress, stop, ended] = [
    { stage: "joining" as const, bytesDone: 0, bytesTotal: 0, pairingsDone: 0, pairingsTotal: 0 },
    new AbortController(),
    Promise.resolve(),
  ];
  matchings.set("a", { progress, stop, ended });
  matchings.set("b", { progress, stop, ended });
  const busy = await registry.metrics();
  expect(busy).toContain('aquila_matchings{stage="joining"} 2');
  expect(busy).toContain('aquila_matchings{stage="sealing"} 0');
  expect(busy).toContain("aquila_tasks_waiting 7");
  matchings.clear();
  waiting = 0;
  const idle = await registry.metrics();
  expect(idle).toContain('aquila_matchings{stage="joining"} 0');
  expect(idle).toContain("aquila_tasks_waiting 0");
  await store.destroy();
  rmSync(folder, { recursive: true });
});

it("of a round it names states, codes and routes, and no party, round, person of staff or address", async () => {
  const house = makeHouse();
  const { app, url } = await startServer(house);
  const { view } = await sealedRound(house, url, makeDescriptor(house, { id: "quiet-1" }), () => people(3));
  await send(url, partySigning(house, "SI"), "GET", "/v1/rounds/unknown-1");
  for (const party of ["AT", "HR"]) await acknowledge(house, url, party, view);
  const text = await (await fetch(`${url}/metrics`)).text();
  for (const line of [
    'aquila_refusals_total{code="round-unknown"} 1',
    'aquila_rounds{state="sealed"} 1',
    "aquila_tasks_waiting 0",
  ])
    expect(text).toContain(line);
  for (const name of ["nodejs_eventloop_lag_p99_seconds", "process_resident_memory_bytes", "aquila_tile_seconds_count"])
    expect(text).toMatch(new RegExp(`^${name} [0-9]`, "m"));
  const labels = new Set([...text.matchAll(/[{,]([a-z]+)="/g)].map(([, label]) => label));
  const known = [
    "code",
    "kind",
    "le",
    "major",
    "method",
    "minor",
    "patch",
    "quantile",
    "route",
    "space",
    "stage",
    "state",
    "status",
    "type",
    "version",
  ];
  expect([...labels].filter((label) => !known.includes(label ?? ""))).toEqual([]);
  for (const told of ["quiet-1", "unknown-1", '"AT"', '"HR"', '"SI"', "/AT", "op-1", "dpo-1", "127.0.0.1"])
    expect(text).not.toContain(told);
  await app.close();
  removeHouse(house);
});
