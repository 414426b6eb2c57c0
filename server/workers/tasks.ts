/**
 * What the server asks of its workers. Tasks and answers are cloned between threads; batches stay on disk.
 */
import type { ExpectedBatch } from "#engine/batch/check.ts";
import type { ProblemCode } from "#engine/errors.ts";
import type { PairingPrior, WeightCounts } from "#engine/match/prior.ts";
import type { ReleasedBand } from "#engine/round/descriptor.ts";
import type { PackageContent } from "#engine/round/package.ts";
import type { TilePart } from "../tiles.ts";

/** Rows a whose candidate pairs are folded at a time: at most K cells each, so a block's evidence is bounded. */
export const BLOCK_ROWS = 2 ** 20;

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

/** A chunk as it came, and the encrypted file that it becomes. */
export type ChunkTask = {
  readonly bytes: Uint8Array;
  readonly folder: string;
  readonly file: string;
  readonly dataKey: Uint8Array;
  readonly context: Uint8Array;
};
/** SHA-256 of the chunk, base64url; empty when it could not be stored. */
export type ChunkAnswer = { readonly digest: string; readonly refusal: Refusal | null };

export type CheckTask = { readonly stored: StoredBatch; readonly expected: ExpectedBatch };
/** Digest of the whole batch, base64url, and the reader's refusal, if any. */
export type CheckAnswer = { readonly digest: string; readonly refusal: Refusal | null };

/** A stored batch that was read and taken, and what it is for. */
export type CompleteBatch = StoredBatch & { readonly expected: ExpectedBatch };

/** Words between two tasks, in memory or in an encrypted file of the round's folder. */
export type KeptWords = Uint32Array | { readonly file: string; readonly byteLength: number };

export type JoinTask = {
  readonly a: CompleteBatch;
  readonly b: CompleteBatch;
  readonly parts: readonly TilePart[];
  /** Whether the answer's words go to disk. */
  readonly spills: boolean;
};
/** Evidence that one rule found among the rows a of one block; blocks are {@link BLOCK_ROWS} rows long. */
export type BlockEvidence = { readonly block: number; readonly rule: number; readonly words: KeptWords };
export type JoinAnswer = {
  readonly found: readonly BlockEvidence[];
  readonly keys: number;
  readonly seconds: number;
};

export type FoldTask = {
  readonly a: CompleteBatch;
  readonly b: CompleteBatch;
  readonly block: number;
  /** All of the block. */
  readonly found: readonly BlockEvidence[];
  /** The round's: bits beyond log2 of the larger batch that every key carries. */
  readonly informationMarginBits: number;
};
/** Counts of one block; its candidate pairs are folded again for release. */
export type FoldAnswer = {
  readonly candidatePairs: number;
  readonly weights: WeightCounts;
};

export type ReleaseTask = FoldTask & {
  readonly prior: PairingPrior;
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
  /** Upper half of the linkage key that agreed, for each set bit of `pattern` in profile order; of several, the smallest. */
  readonly cells: Uint32Array;
  readonly weightBits: number;
};
export type ReleaseAnswer = {
  /** In order of row a, then row b. */
  readonly found: readonly FoundPair[];
  /** Whether pairs beyond the cap were left out. */
  readonly isCapped: boolean;
};

/** All evidence of a pairing whose rows a are one block. */
export type SettleTask = Omit<ReleaseTask, "block" | "prior">;
export type SettleAnswer = ReleaseAnswer & {
  readonly candidatePairs: number;
  readonly matchesPerRow: number;
};

export type SealTask = {
  readonly content: PackageContent;
  /** The party's X25519 public key, base64url. */
  readonly boxKey: string;
};
/** The sealed package, or the refusal to make it. */
export type SealAnswer = { readonly sealed: Uint8Array; readonly refusal: null } | { readonly refusal: Refusal };
