/**
 * Bodies of the HTTP API under /v1, as both sides parse them.
 *
 * What is done to a round answers {@link RoundView}; a batch's GET and its manifest's PUT answer {@link BatchStatus}; a
 * refusal is a {@link Problem}.
 */
import { z } from "zod";
import { MAX_CHUNKS } from "../batch/manifest.ts";
import { AuditEntry, AuditLeaf } from "../audit/entry.ts";
import { Cosignature, MAX_PROOF, TreeHead } from "../audit/tree-head.ts";
import { PROBLEM_CODES } from "../errors.ts";
import { Approval, ConfirmationDispute, Report, Seal, Status } from "./acts.ts";
import { Bytes32 } from "./binary.ts";
import { ReleasedBand, RoundDescriptor } from "./descriptor.ts";
import { PartyId } from "./ids.ts";
import { Confirmation, RoundKey } from "./keys.ts";
import { MAX_HITS } from "./package.ts";
import { MAX_PARTIES, MAX_STAFF } from "./roster.ts";
import { ABORT_REASONS, PairingState, RoundState } from "./states.ts";
import { SealedBatch } from "./transcript.ts";

const MAX_DIRECTIONS = MAX_PARTIES * (MAX_PARTIES - 1);
/** Entries on one round that its log shows. */
export const MAX_LOGGED = 100_000;
/** Leaves in one answer. */
export const MAX_LEAVES = 1_000;
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

/** Why an attempt was aborted, and whom that names. */
export const Ending = z.strictObject({
  reason: z.enum(ABORT_REASONS),
  /** Parties that were late, withdrew or equivocated; empty when nobody can be named. */
  parties: z.array(PartyId).max(MAX_PARTIES),
  /** Two keys of one party, both signed over T0; empty unless it equivocated. */
  evidence: z.array(RoundKey).max(2),
  /** Who said that a confirmation fails, signed; null unless the attempt was disputed. Nobody is guilty by it. */
  raised: ConfirmationDispute.nullable(),
});
export type Ending = z.infer<typeof Ending>;

/** How far one pairing has come. */
export const PairingView = z.strictObject({
  pairing: z.tuple([PartyId, PartyId]),
  state: PairingState,
  /** Parties whose acknowledgement or answer is in, in order. */
  acknowledged: z.array(PartyId).max(2),
  answered: z.array(PartyId).max(2),
  /** Hits by band, decoys among them; for operators and officers only, else null. */
  hits: z.strictObject({ high: Count, medium: Count, low: Count }).nullable(),
});
export type PairingView = z.infer<typeof PairingView>;

/** A round as the caller may see it: a party sees confirmations, batches and pairings of its own only. */
export const RoundView = z.strictObject({
  descriptor: RoundDescriptor,
  t0: Bytes32,
  /** Null until every party's key is in. */
  t1: Bytes32.nullable(),
  /** Null until submission is closed. */
  t2: Bytes32.nullable(),
  state: RoundState,
  /** Null unless the attempt was aborted. */
  ending: Ending.nullable(),
  /** As they were signed, in order of act, then operator. */
  approvals: z.array(Approval).max(3 * MAX_STAFF),
  keys: z.array(RoundKey).max(MAX_PARTIES),
  confirmations: z.array(Confirmation).max(MAX_DIRECTIONS),
  withdrawn: z.array(PartyId).max(MAX_PARTIES),
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
  /** All batches that T2 names, also of pairings that are not the caller's; empty before. */
  sealed: z.array(SealedBatch).max(MAX_DIRECTIONS),
  /** Co-signatures of T2, in order of party. */
  seals: z.array(Seal).max(MAX_PARTIES),
  pairings: z.array(PairingView).max(MAX_DIRECTIONS),
  progress: Progress,
  createdAt: z.iso.datetime(),
});
export type RoundView = z.infer<typeof RoundView>;

/** Package keys of the caller's opened pairings, each sealed to its box key. */
export const PackageKeys = z
  .array(z.strictObject({ counterpart: PartyId, sealedKey: z.string().max(200) }))
  .max(MAX_PARTIES);
export type PackageKeys = z.infer<typeof PackageKeys>;

/** Statuses of the hits of the caller's pairings, of both sides. */
export const StatusList = z.array(Status).max(2 * MAX_HITS);
export type StatusList = z.infer<typeof StatusList>;

/** What clients reported of a round. */
export const ReportList = z.array(Report).max(10_000);
export type ReportList = z.infer<typeof ReportList>;

/** What was done to a round, in order. */
export const RoundLog = z.array(AuditEntry).max(MAX_LOGGED);
export type RoundLog = z.infer<typeof RoundLog>;

/** The audit log's last head and, of each party that co-signed one, the latest. */
export const SignedHead = z.strictObject({
  head: TreeHead,
  cosignatures: z.array(Cosignature).max(MAX_PARTIES),
});
export type SignedHead = z.infer<typeof SignedHead>;

/** Leaves of the audit log in order. */
export const LeafList = z.array(AuditLeaf).max(MAX_LEAVES);
export type LeafList = z.infer<typeof LeafList>;

/** Where an entry is in the log of a size. */
export const InclusionProof = z.strictObject({ path: z.array(Bytes32).max(MAX_PROOF) });
export type InclusionProof = z.infer<typeof InclusionProof>;

/** Hits by band as both sides judged them at the follow-up deadline; decoys and silent ones are `open`. */
export const FollowUp = z
  .array(z.strictObject({ band: ReleasedBand, confirmed: Count, refuted: Count, open: Count }))
  .max(3);
export type FollowUp = z.infer<typeof FollowUp>;

/** Each is shown whole, at the price of several queries. */
export const MAX_LISTED_ROUNDS = 100;
export const RoundList = z.array(RoundView).max(MAX_LISTED_ROUNDS);

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
