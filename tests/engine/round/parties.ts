/**
 * Fictional parties, rosters and descriptors for tests of rounds.
 */
import { RoundDescriptor } from "#engine/round/descriptor.ts";
import { makeIdentity, makeStaffIdentity, type Identity } from "#engine/round/identity.ts";
import type { Roster } from "#engine/round/roster.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { castOf, describeRound } from "#fixtures/cast.ts";

/** When these rounds are described. */
export const NOW = new Date("2026-11-30T12:00:00Z");
export const SECRETARIAT = makeStaffIdentity("operator", "secretariat").signKey;

/** @param ids - In increasing order. */
export function identitiesOf(ids: readonly string[]): Identity[] {
  return ids.map((id) => makeIdentity(id));
}

export function rosterOf(identities: readonly Identity[]): Roster {
  return castOf(identities, SECRETARIAT).roster;
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
