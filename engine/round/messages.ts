/**
 * Bodies of the HTTP API under /v1, as both sides parse them.
 *
 * The round's GET, POST and PUT of open, close, match, erase, keys and confirmations answer {@link RoundView};
 * a batch's GET and its manifest's PUT answer {@link BatchStatus}; a refusal is a {@link Problem}.
 */
import { z } from "zod";
import { MAX_CHUNKS } from "../batch/manifest.ts";
import { PROBLEM_CODES } from "../errors.ts";
import { Bytes32 } from "./binary.ts";
import { RoundDescriptor } from "./descriptor.ts";
import { Confirmation, RoundKey } from "./keys.ts";
import { MAX_PARTIES, PartyId } from "./roster.ts";
import { RoundState } from "./states.ts";

const MAX_DIRECTIONS = MAX_PARTIES * (MAX_PARTIES - 1);
const Count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const CreateRound = RoundDescriptor;
export type CreateRound = z.infer<typeof CreateRound>;

const BatchState = z.enum(["absent", "partial", "complete"]);

export const Progress = z.strictObject({
  stage: z.enum(["idle", "reading", "joining", "scoring", "sealing", "done"]),
  bytesDone: Count,
  bytesTotal: Count,
  pairingsDone: Count,
  pairingsTotal: Count,
});
export type Progress = z.infer<typeof Progress>;

/** A round as the caller may see it: a party sees confirmations and batches of its own pairings only. */
export const RoundView = z.strictObject({
  descriptor: RoundDescriptor,
  t0: Bytes32,
  /** Null until every party's key is in. */
  t1: Bytes32.nullable(),
  state: RoundState,
  keys: z.array(RoundKey).max(MAX_PARTIES),
  confirmations: z.array(Confirmation).max(MAX_DIRECTIONS),
  batches: z
    .array(
      z.strictObject({
        from: PartyId,
        to: PartyId,
        state: BatchState,
        chunksStored: z.int().min(0).max(MAX_CHUNKS),
        /** SHA-256 of the whole batch; null until it is complete. */
        digest: Bytes32.nullable(),
      }),
    )
    .max(MAX_DIRECTIONS),
  progress: Progress,
  createdAt: z.iso.datetime(),
});
export type RoundView = z.infer<typeof RoundView>;

export const RoundList = z.array(RoundView).max(1_000);

/** What is stored of one batch, so that an upload can go on where it stopped. */
export const BatchStatus = z.strictObject({
  state: BatchState,
  /** SHA-256 of each stored chunk by index; null where one is missing. */
  chunkDigests: z.array(Bytes32.nullable()).max(MAX_CHUNKS),
  digest: Bytes32.nullable(),
});
export type BatchStatus = z.infer<typeof BatchStatus>;

/** Problem Details (RFC 9457) with a stable code. */
export const Problem = z.strictObject({
  type: z.string().max(200),
  title: z.string().max(200),
  status: z.int().min(400).max(599),
  code: z.enum(PROBLEM_CODES),
  detail: z.string().max(2_000),
  instance: z.string().max(2_000).optional(),
});
export type Problem = z.infer<typeof Problem>;
