/**
 * A round's pairing keys as a vault keeps them: each kind in a file of its own, since each is destroyed at another time.
 * docs/spec/vault.md
 */
import { z } from "zod";
import { Bytes16, Bytes32 } from "#engine/round/binary.ts";
import { PartyId } from "#engine/round/ids.ts";
import { MAX_PARTIES } from "#engine/round/roster.ts";

/** Until the round is forgotten. */
export const StoredPairings = z
  .array(z.strictObject({ counterpart: PartyId, keyId: Bytes16 }))
  .min(1)
  .max(MAX_PARTIES);

/** Until the seal. */
export const TagKeys = z
  .array(z.strictObject({ counterpart: PartyId, keyTag: Bytes32 }))
  .min(1)
  .max(MAX_PARTIES);

/** Until the follow-up. */
export const ProofKeys = z
  .array(z.strictObject({ counterpart: PartyId, keyNotice: Bytes32, keyProof: Bytes32 }))
  .min(1)
  .max(MAX_PARTIES);
