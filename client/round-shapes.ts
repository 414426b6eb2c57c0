/**
 * Shapes of the files that a vault keeps of each round; docs/spec/vault.md.
 */
import { z } from "zod";
import { Bytes16, Bytes32 } from "#engine/round/binary.ts";
import { PartyId } from "#engine/round/ids.ts";
import { RoundKey } from "#engine/round/keys.ts";
import { Notice } from "#engine/round/notice.ts";
import { Hit, MAX_HITS } from "#engine/round/package.ts";
import { MAX_PARTIES } from "#engine/round/roster.ts";
import { SealedBatch } from "#engine/round/transcript.ts";

/** An X25519 secret of one round. */
export const RoundSecret = z.strictObject({ publicKey: Bytes32, secret: Bytes32 });
export type RoundSecret = z.infer<typeof RoundSecret>;

export const StoredPairings = z
  .array(z.strictObject({ counterpart: PartyId, keyId: Bytes16 }))
  .min(1)
  .max(MAX_PARTIES);
export const TagKeys = z
  .array(z.strictObject({ counterpart: PartyId, keyTag: Bytes32 }))
  .min(1)
  .max(MAX_PARTIES);
export const ProofKeys = z
  .array(z.strictObject({ counterpart: PartyId, keyNotice: Bytes32, keyProof: Bytes32 }))
  .min(1)
  .max(MAX_PARTIES);

/** What a party holds of one agreed pairing; `keyTag` is null once the round is sealed, `keyNotice` and `keyProof` after the follow-up. */
export type VaultPairing = {
  readonly counterpart: string;
  readonly keyTag: Uint8Array | null;
  readonly keyProof: Uint8Array | null;
  readonly keyNotice: Uint8Array | null;
  readonly keyId: string;
};
export type FreshPairing = VaultPairing & {
  readonly keyTag: Uint8Array;
  readonly keyProof: Uint8Array;
  readonly keyNotice: Uint8Array;
};

/** What was submitted to the server as complete; kept from before its manifest is sent. */
export const Receipt = z.strictObject({ digest: Bytes32, byteLength: z.int().min(1) });
export type Receipt = z.infer<typeof Receipt>;

export const Transcript = z.strictObject({ t1: Bytes32 });
export const Provenance = z.strictObject({ seed: Bytes32 });

export const RoundKeys = z.array(RoundKey).max(MAX_PARTIES);
export const SealedTranscript = z.strictObject({ t2: Bytes32 });
export const SealedBatches = z.array(SealedBatch).max(MAX_PARTIES * (MAX_PARTIES - 1));
export const Decoys = z.array(Bytes16).max(64);

/** A pairing's section of the package, opened; its hits are those at rows that stand for a record. */
export const KeptSection = z.strictObject({
  counterpart: PartyId,
  /** Hits of the section, decoys among them. */
  hitCount: z.int().min(0).max(MAX_HITS),
  decoys: z.int().min(0).max(64),
  decoysMissing: z.int().min(0).max(64),
  /** Hits at rows that stand for no record. */
  noRecord: z.int().min(0).max(MAX_HITS),
  hits: z.array(Hit).max(MAX_HITS),
  /** By the own clock; sections that were opened by an earlier release have none, and came before all others. */
  openedAt: z.iso.datetime().optional(),
});
export type KeptSection = Readonly<Omit<z.infer<typeof KeptSection>, "hits">> & { readonly hits: readonly Hit[] };

/** A counterpart's answer, its proof checked, with the own row's origin tags, which K_proof made. */
const KeptAnswer = z.strictObject({
  hit: Bytes16,
  notice: Notice,
  ownOriginTags: Notice.shape.originTags,
  proven: z.boolean(),
});
export type KeptAnswer = z.infer<typeof KeptAnswer>;
export const KeptAnswers = z.array(KeptAnswer).max(MAX_HITS);
