/**
 * What the server tells its staff of its machine: resources, benches, and the forecast of a round; docs/spec/pages.md.
 */
import { z } from "zod";
import { PartyId } from "#engine/round/ids.ts";
import { MAX_PARTIES } from "#engine/round/roster.ts";

/** Samples of an hour, and the latest. */
export const MAX_SAMPLES = 721;
export const MAX_RUNS = 16;
export const MAX_LINES = 64;
export const MAX_FIGURES = 32;
const MAX_PAIRINGS = (MAX_PARTIES * (MAX_PARTIES - 1)) / 2;
const Amount = z.number().min(0);

/** Rates and delays are those since the sample before. */
export const ResourceSample = z.strictObject({
  at: z.iso.datetime({ precision: 3 }),
  /** Processor time of the server's process, in processors. */
  processors: Amount,
  rssBytes: Amount,
  eventLoopDelayP99Ms: Amount,
  requestsPerSecond: Amount,
  bytesInPerSecond: Amount,
  /** Where the server keeps its data. */
  diskFreeBytes: Amount,
  /** That no worker has taken yet. */
  tasksWaiting: z.int().min(0),
});
export type ResourceSample = z.infer<typeof ResourceSample>;

/** Oldest first. */
export const ResourceList = z.strictObject({
  everyMs: z.int().min(1),
  samples: z.array(ResourceSample).max(MAX_SAMPLES),
});
export type ResourceList = z.infer<typeof ResourceList>;

/** What is run, and nothing else. */
export const BenchOrder = z.strictObject({
  bench: z.enum(["join", "encode", "round", "ingest", "api"]),
  scale: z.enum(["smoke", "usual"]),
});
export type BenchOrder = z.infer<typeof BenchOrder>;

const Figures = z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/), z.number());
const Words = z.string().max(200);

/** A line that a bench printed; what it holds besides is left out. */
export const BenchLine = z.strictObject({
  /** Which of several things of one bench was measured; null if there is one. */
  asked: Words.nullable(),
  size: Figures,
  figures: Figures,
  checksum: Words.nullable(),
  machine: Words.nullable(),
});
export type BenchLine = z.infer<typeof BenchLine>;

export const BenchRun = z.strictObject({
  ...BenchOrder.shape,
  startedAt: z.iso.datetime({ precision: 3 }),
  /** Null while it runs. */
  endedAt: z.iso.datetime({ precision: 3 }).nullable(),
  /** `stopped` by an operator, a matching or the server's end. */
  outcome: z.enum(["running", "done", "failed", "stopped", "timed-out"]),
  lines: z.array(BenchLine).max(MAX_LINES),
  /** Lines that were none of a bench, or too many. */
  linesLeftOut: z.int().min(0),
});
export type BenchRun = z.infer<typeof BenchRun>;

/** Newest first. */
export const BenchList = z.strictObject({ isInstalled: z.boolean(), runs: z.array(BenchRun).max(MAX_RUNS) });
export type BenchList = z.infer<typeof BenchList>;

/** Coincidental hits that sizes and profile alone let expect, by pairing. */
export const RoundForecast = z
  .array(z.strictObject({ pairing: z.tuple([PartyId, PartyId]), high: Amount, medium: Amount, low: Amount }))
  .max(MAX_PAIRINGS);
export type RoundForecast = z.infer<typeof RoundForecast>;
