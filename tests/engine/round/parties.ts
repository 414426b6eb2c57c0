/**
 * Fictional parties, rosters and descriptors for tests of rounds.
 */
import { RoundDescriptor } from "#engine/round/descriptor.ts";
import { makeIdentity, type Identity } from "#engine/round/identity.ts";
import { rosterDigest, type Roster } from "#engine/round/roster.ts";

/** @param ids - In increasing order. */
export function identitiesOf(ids: readonly string[]): Identity[] {
  return ids.map((id) => makeIdentity(id));
}

export function rosterOf(identities: readonly Identity[]): Roster {
  return {
    format: "aquila/roster/v1",
    parties: identities.map(({ boxKey, party, signKey }) => ({ boxKey, id: party, signKey })),
  };
}

/** A round of all parties of the roster, each with each, of 100 records each. */
export function descriptorOf(roster: Roster, change: Partial<RoundDescriptor> = {}): RoundDescriptor {
  const ids = roster.parties.map((party) => party.id);
  return RoundDescriptor.parse({
    categories: ["suspect"],
    deadlines: {
      keys: "2026-12-01T12:00:00Z",
      submission: "2026-12-02T12:00:00Z",
      results: "2026-12-03T12:00:00Z",
    },
    format: "aquila/round/v1",
    id: "2026-4",
    legalBasis: "Convention, Article 9",
    lowestBand: "low",
    pairings: ids.flatMap((lower, index) => ids.slice(index + 1).map((higher) => [lower, higher])),
    parties: ids.map((id) => ({ declaredRecords: 100, id })),
    profile: "A".repeat(43),
    purpose: "a test",
    roster: rosterDigest(roster),
    ...change,
  });
}
