/**
 * The roster: public keys of parties, operators, officers and secretariat, signed by two operators, agreed outside the
 * system and pinned at each party.
 */
import { z } from "zod";
import { canonicalDigest } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import { Bytes32, Bytes64 } from "./binary.ts";
import type { Identity, StaffIdentity } from "./identity.ts";
import { PartyId, StaffId, strictlyIncreasing } from "./ids.ts";
import { hasSmallOrder } from "./raw-key.ts";
import { isSignedBy, signStatement } from "./statement.ts";

export const MAX_PARTIES = 32;
export const MAX_STAFF = 32;
/** Operators whose signatures a roster or an approved act needs. */
export const NEEDED_OPERATORS = 2;
/** As whose the secretariat's key is accepted; nobody else's id. */
const SECRETARIAT_ID = "secretariat";

export const RosterParty = z.strictObject({
  /** X25519 public key to which packages are sealed. */
  boxKey: Bytes32,
  id: PartyId,
  /** The party's own signature over the rest of the entry. */
  proof: Bytes64,
  /** Ed25519 public key of the party's identity. */
  signKey: Bytes32,
});
export type RosterParty = z.infer<typeof RosterParty>;

/** An operator or a data-protection officer. */
export const RosterStaff = z.strictObject({ id: StaffId, signKey: Bytes32 });
export type RosterStaff = z.infer<typeof RosterStaff>;

export const Roster = z.strictObject({
  format: z.literal("aquila/roster/v2"),
  officers: z.array(RosterStaff).min(1).max(MAX_STAFF),
  operators: z.array(RosterStaff).min(NEEDED_OPERATORS).max(MAX_STAFF),
  parties: z.array(RosterParty).min(1).max(MAX_PARTIES),
  /** Ed25519 public key with which the secretariat signs. */
  secretariat: Bytes32,
  serial: z.int().min(1).max(1_000_000),
  signatures: z.array(z.strictObject({ operator: StaffId, signature: Bytes64 })).max(MAX_STAFF),
});
export type Roster = z.infer<typeof Roster>;
export type RosterBody = Omit<Roster, "signatures">;

/** @returns SHA-256 of the canonical JSON without its signatures, base64url. */
export function rosterDigest(roster: Roster): string {
  return canonicalDigest(bodyOf(roster));
}

/** @returns The party's entry, with its proof that it holds the key. */
export function rosterEntryOf(identity: Identity): RosterParty {
  const { party: id, signKey, boxKey } = identity;
  const { signature: proof } = signStatement(identity, "rosterEntry", { boxKey, id, signKey });
  return { boxKey, id, proof, signKey };
}

/** @returns The roster with the operator's signature, in place of an earlier one of his. */
export function signRoster(roster: Roster, { id, ...keys }: StaffIdentity): Roster {
  const { signature } = signStatement(keys, "roster", bodyOf(roster));
  const others = roster.signatures.filter(({ operator }) => operator !== id);
  return { ...roster, signatures: [...others, { operator: id, signature }].sort(byOperator) };
}

/**
 * @param pinned - The roster that this one is to take the place of; null for the first.
 * @throws {@link LinkageError} `roster-invalid` if ids are not in order, an id or key occurs twice, a proof fails, a box key is of small order, two
 * operators have not signed it or, when one is pinned, two of *its* operators have not or the serial is not higher.
 */
export function checkRoster(roster: Roster, pinned: Roster | null = null): void {
  const fault = orderFault(roster) ?? proofFault(roster);
  if (fault !== null) throw new LinkageError("roster-invalid", fault);
  requireSignatures(roster, roster.operators, "its operators");
  if (pinned === null) return;
  if (roster.serial <= pinned.serial)
    throw new LinkageError("roster-invalid", `its serial ${roster.serial} is not higher than the pinned one's`);
  requireSignatures(roster, pinned.operators, "the pinned roster's operators");
}

/** Ids of parties and staff, and `secretariat`: each list in the order of a roster. */
export type RosterChanges = {
  /** With other keys, or in another role. */
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
};

/** @returns What `roster` would make of the pinned one. */
export function rosterChanges(pinned: Roster, roster: Roster): RosterChanges {
  const [before, after] = [keysById(pinned), keysById(roster)];
  const ids = [...after.keys()];
  return {
    changed: ids.filter((id) => before.has(id) && before.get(id) !== after.get(id)),
    added: ids.filter((id) => !before.has(id)),
    removed: [...before.keys()].filter((id) => !after.has(id)),
  };
}

/** @throws {@link LinkageError} `pairing-unknown` if the roster has no such party. */
export function partyOf(roster: Roster, id: string): RosterParty {
  const found = roster.parties.find((party) => party.id === id);
  if (found === undefined) throw new LinkageError("pairing-unknown", `party ${id} is not in the roster`);
  return found;
}

/** @throws {@link LinkageError} `request-forbidden` if the roster has no such operator or officer. */
export function staffOf(roster: Roster, role: "operators" | "officers", id: string): RosterStaff {
  const found = roster[role].find((one) => one.id === id);
  if (found === undefined) throw new LinkageError("request-forbidden", `the roster has no ${id} among its ${role}`);
  return found;
}

function bodyOf({ format, officers, operators, parties, secretariat, serial }: Roster): RosterBody {
  return { format, officers, operators, parties, secretariat, serial };
}

function orderFault({ officers, operators, parties, secretariat }: Roster): string | null {
  for (const list of [officers, operators, parties])
    if (!strictlyIncreasing(list.map(({ id }) => id))) return "its lists must be in increasing order of id, each once";
  const staff = [...officers, ...operators];
  const ids = [...staff.map(({ id }) => id), SECRETARIAT_ID];
  const partyKeys = parties.flatMap(({ signKey, boxKey }) => [signKey, boxKey]);
  const keys = [...staff.map(({ signKey }) => signKey), ...partyKeys, secretariat];
  if (new Set(ids).size !== ids.length || new Set(keys).size !== keys.length)
    return "an id or a key occurs twice: nobody may have two roles";
  return null;
}

function proofFault({ parties }: Roster): string | null {
  for (const { boxKey, id } of parties) if (hasSmallOrder(boxKey)) return `the boxKey of ${id} is of small order`;
  for (const { proof, ...entry } of parties)
    if (!isSignedBy(entry.signKey, "rosterEntry", { ...entry, signature: proof }))
      return `the entry of ${entry.id} is not signed by its own key`;
  return null;
}

function requireSignatures(roster: Roster, operators: readonly RosterStaff[], whose: string): void {
  const body = bodyOf(roster);
  const signed = operators.filter(({ id, signKey }) =>
    roster.signatures.some(
      ({ operator, signature }) => operator === id && isSignedBy(signKey, "roster", { ...body, signature }),
    ),
  );
  if (signed.length < NEEDED_OPERATORS)
    throw new LinkageError(
      "roster-invalid",
      `${signed.length} of ${whose} signed it; ${NEEDED_OPERATORS} have to: aquila roster sign`,
    );
}

function keysById({ officers, operators, parties, secretariat }: Roster): Map<string, string> {
  return new Map([
    ...parties.map(({ id, boxKey, signKey }) => [id, `${signKey} ${boxKey}`] as const),
    ...operators.map(({ id, signKey }) => [id, `operator ${signKey}`] as const),
    ...officers.map(({ id, signKey }) => [id, `officer ${signKey}`] as const),
    [SECRETARIAT_ID, secretariat] as const,
  ]);
}

function byOperator(one: { readonly operator: string }, other: { readonly operator: string }): number {
  return one.operator < other.operator ? -1 : 1;
}
