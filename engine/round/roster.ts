/**
 * The roster: every party's public keys, agreed outside the system and pinned at each party.
 */
import { z } from "zod";
import { canonicalDigest } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import { Bytes32 } from "./binary.ts";

export const MAX_PARTIES = 32;

export const PartyId = z.string().regex(/^[A-Z]{2,8}$/);

export const RosterParty = z.strictObject({
  /** X25519 public key to which packages are sealed. */
  boxKey: Bytes32,
  id: PartyId,
  /** Ed25519 public key of the party's identity. */
  signKey: Bytes32,
});
export type RosterParty = z.infer<typeof RosterParty>;

export const Roster = z.strictObject({
  format: z.literal("aquila/roster/v1"),
  parties: z
    .array(RosterParty)
    .min(1)
    .max(MAX_PARTIES)
    .refine(
      (parties) => strictlyIncreasing(parties.map((party) => party.id)),
      "parties must be in increasing order of id",
    ),
});
export type Roster = z.infer<typeof Roster>;

/** @returns SHA-256 of the roster's canonical JSON, base64url. */
export function rosterDigest(roster: Roster): string {
  return canonicalDigest(roster);
}

/** @throws {@link LinkageError} `pairing-unknown` if the roster has no such party. */
export function partyOf(roster: Roster, id: string): RosterParty {
  const found = roster.parties.find((party) => party.id === id);
  if (found === undefined) throw new LinkageError("pairing-unknown", `party ${id} is not in the roster`);
  return found;
}

/** @returns Whether each id is larger than the one before it, by its ASCII bytes. */
export function strictlyIncreasing(ids: readonly string[]): boolean {
  return ids.every((id, index) => index === 0 || id > (ids[index - 1] as string));
}
