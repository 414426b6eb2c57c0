/**
 * Fictional parties, rosters and descriptors for tests of rounds.
 */
import type { Approval, ApprovedAct, Seal } from "#engine/round/acts.ts";
import { descriptorT0, RoundDescriptor } from "#engine/round/descriptor.ts";
import { makeIdentity, makeStaffIdentity, type Identity } from "#engine/round/identity.ts";
import { rosterDigest, type Roster } from "#engine/round/roster.ts";
import { signStatement } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { castOf, describeRound, type Cast } from "#fixtures/cast.ts";

/** When these rounds are described. */
export const NOW = new Date("2026-11-30T12:00:00Z");
export const SECRETARIAT = makeStaffIdentity("operator", "secretariat").signKey;

/** @param ids - In increasing order. */
export function identitiesOf(ids: readonly string[]): Identity[] {
  return ids.map((id) => makeIdentity(id));
}

export function rosterOf(identities: readonly Identity[]): Roster {
  const cast = castOf(identities, SECRETARIAT);
  casts.set(rosterDigest(cast.roster), cast);
  return cast.roster;
}

/** Who is behind the rosters of {@link rosterOf}, by digest. */
const casts = new Map<string, Cast>();

/** @returns Both operators' approvals; none of a round under an unknown roster. */
export function approvalsOf(descriptor: RoundDescriptor, act: ApprovedAct, t2: string | null): Approval[] {
  const body = { act, round: descriptor.id, t0: descriptorT0(descriptor), t2 };
  const operators = casts.get(descriptor.roster)?.operators ?? [];
  return operators.map((operator) => signStatement(operator, "approval", { ...body, operator: operator.id }));
}

/** @returns Every party's seal. */
export function sealsOf(descriptor: RoundDescriptor, t2: string): Seal[] {
  const identities = casts.get(descriptor.roster)?.identities ?? [];
  return identities.map((identity) =>
    signStatement(identity, "seal", { party: identity.party, round: descriptor.id, t2 }),
  );
}

/** A round of all these parties, each with each, of 100 records each. */
export function descriptorOf(
  identities: readonly Identity[],
  roster: Roster,
  change: Partial<RoundDescriptor> = {},
): RoundDescriptor {
  const setting = { id: "2026-4", profile: SHIPPED_PROFILE, declaredRecords: 100, now: NOW };
  return RoundDescriptor.parse(
    describeRound({ identities, roster }, setting, { profile: "A".repeat(43), purpose: "a test", ...change }),
  );
}
