/**
 * What the server asks of its workers. Tasks and answers are cloned between threads; batches lie in shared memory.
 */
import type { ExpectedBatch } from "#engine/batch/read.ts";
import type { ProblemCode } from "#engine/errors.ts";
import type { RulePairs } from "#engine/match/candidates.ts";
import type { JoinRange } from "#engine/match/join.ts";
import type { ReleasedBand } from "#engine/round/descriptor.ts";
import type { PackageContent } from "#engine/round/package.ts";

/** A refusal as an answer, since errors lose their code between threads. */
export type Refusal = { readonly code: ProblemCode; readonly detail: string };

/** A stored batch: its chunks' paths in order and the key that opens them. */
export type StoredBatch = {
  readonly round: string;
  readonly from: string;
  readonly to: string;
  readonly paths: readonly string[];
  readonly byteLength: number;
  readonly dataKey: Uint8Array;
};

export type CheckTask = { readonly stored: StoredBatch; readonly expected: ExpectedBatch };
/** Digest of the whole batch, base64url, and the reader's refusal, if any. */
export type CheckAnswer = { readonly digest: string; readonly refusal: Refusal | null };

/** A stored batch that was read and taken. */
export type CompleteBatch = StoredBatch & {
  /** SHA-256 of the whole batch, base64url. */
  readonly digest: string;
};

/** @property into - As long as the batch. */
export type LoadTask = { readonly stored: CompleteBatch; readonly into: SharedArrayBuffer };

/** One piece of a tile: a range of one rule's columns. */
export type TilePart = { readonly rule: number; readonly range: JoinRange };
export type JoinTask = {
  readonly a: SharedArrayBuffer;
  readonly b: SharedArrayBuffer;
  readonly parts: readonly TilePart[];
};
export type JoinAnswer = { readonly pairs: readonly RulePairs[]; readonly keys: number; readonly seconds: number };

export type ScoreTask = {
  readonly a: SharedArrayBuffer;
  readonly b: SharedArrayBuffer;
  readonly pairs: readonly RulePairs[];
  readonly lowestBand: ReleasedBand;
  /** Most pairs that are released. */
  readonly cap: number;
};
/** A pair that is released, by both owners' handles, base64url. */
export type FoundPair = {
  readonly handleA: string;
  readonly handleB: string;
  readonly band: ReleasedBand;
  readonly pattern: number;
};
export type ScoreAnswer = {
  readonly found: readonly FoundPair[];
  /** Whether pairs beyond the cap were left out. */
  readonly isCapped: boolean;
  readonly candidatePairs: number;
  /** The pairing's prior: true pairs per row of the smaller batch. */
  readonly matchesPerRow: number;
};

export type SealTask = {
  readonly content: PackageContent;
  /** The party's X25519 public key, base64url. */
  readonly boxKey: string;
};
/** The sealed package, or the refusal to make it. */
export type SealAnswer = { readonly sealed: Uint8Array; readonly refusal: null } | { readonly refusal: Refusal };
