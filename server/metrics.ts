/**
 * What the secretariat measures of itself; Prometheus text at /metrics.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { Progress } from "#engine/round/messages.ts";
import { ROUND_STATES } from "#engine/round/states.ts";
import { countRoundsByState } from "./store/rounds.ts";
import type { Matching } from "./secretariat.ts";
import type { Store } from "./store/tables.ts";
import type { WorkerPool } from "./workers/pool.ts";

export type Metrics = {
  readonly registry: Registry;
  readonly requests: Counter<"method" | "route" | "status">;
  readonly requestSeconds: Histogram<"method" | "route">;
  readonly refusals: Counter<"code">;
  /** Keys of both columns; its rate is the throughput of the join. */
  readonly keysJoined: Counter;
  readonly tileSeconds: Histogram;
  readonly deliveries: Counter<"channel" | "outcome">;
};

/** What is looked at when the metrics are asked for. */
type Measured = {
  readonly store: Store;
  readonly pool: Pick<WorkerPool, "waiting">;
  /** By round. */
  readonly matchings: ReadonlyMap<string, Matching>;
};

export function makeMetrics({ store, pool, matchings }: Measured): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "aquila_rounds",
    help: "Rounds by state",
    labelNames: ["state"],
    registers,
    async collect() {
      for (const state of ROUND_STATES) this.set({ state }, 0);
      for (const { state, count } of await countRoundsByState(store)) this.set({ state }, count);
    },
  });
  new Gauge({
    name: "aquila_matchings",
    help: "Matchings under way, by stage",
    labelNames: ["stage"],
    registers,
    collect() {
      for (const stage of Progress.shape.stage.options) this.set({ stage }, 0);
      for (const { progress } of matchings.values()) this.inc({ stage: progress.stage });
    },
  });
  new Gauge({
    name: "aquila_tasks_waiting",
    help: "Tasks that no worker has taken yet: chunks to store, batches to read, tiles, packages",
    registers,
    collect() {
      this.set(pool.waiting());
    },
  });
  return {
    registry,
    requests: new Counter({
      name: "aquila_requests_total",
      help: "Requests by method, route and status",
      labelNames: ["method", "route", "status"],
      registers,
    }),
    requestSeconds: new Histogram({
      name: "aquila_request_seconds",
      help: "Time to answer, by method and route",
      labelNames: ["method", "route"],
      registers,
    }),
    refusals: new Counter({
      name: "aquila_refusals_total",
      help: "Refusals by problem code",
      labelNames: ["code"],
      registers,
    }),
    keysJoined: new Counter({
      name: "aquila_keys_joined_total",
      help: "Keys joined, of both columns; rate() gives keys a second",
      registers,
    }),
    deliveries: new Counter({
      name: "aquila_deliveries_total",
      help: "Attempts to bring an announcement, by channel: delivered, failed, and dead when one was given up",
      labelNames: ["channel", "outcome"],
      registers,
    }),
    tileSeconds: new Histogram({
      name: "aquila_tile_seconds",
      help: "Time to join one tile, on its worker",
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    }),
  };
}
