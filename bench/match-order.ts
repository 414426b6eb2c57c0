/**
 * What a bench asks of the matching process, and what it answers.
 */
import { z } from "zod";

const Batch = z.object({
  round: z.string(),
  from: z.string(),
  to: z.string(),
  paths: z.array(z.string()),
  byteLength: z.number(),
  dataKey: z.base64url(),
  expected: z.object({
    round: z.string(),
    t1: z.string(),
    from: z.string(),
    to: z.string(),
    profile: z.string(),
    keyId: z.string(),
    rowCount: z.number(),
  }),
});
export type OrderedBatch = z.infer<typeof Batch>;

export const MatchOrder = z.object({
  pairings: z.array(z.object({ a: Batch, b: Batch })),
  folder: z.string(),
  workers: z.int().min(1),
  repeats: z.int().min(1),
});
export type MatchOrder = z.infer<typeof MatchOrder>;

export const MatchReport = z.object({
  seconds: z.array(z.number()),
  keys: z.number(),
  candidatePairs: z.number(),
  hits: z.number(),
  /** What the hits take while they wait for the packages, on and off the heap. */
  hitBytes: z.number(),
  peakRssMb: z.number(),
  checksum: z.string(),
});
export type MatchReport = z.infer<typeof MatchReport>;
