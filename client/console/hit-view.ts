/**
 * All that the party knows of one hit: its own records, why the rows agree, how probable that makes it, and what happened.
 */
import type { PersonRecord } from "#engine/encode/person.ts";
import { LinkageError } from "#engine/errors.ts";
import { priorOdds, probabilityOf } from "#engine/match/prior.ts";
import type { Profile } from "#engine/profile.ts";
import { expectedRowCount, type ReleasedBand } from "#engine/round/descriptor.ts";
import { explainHit } from "../explain.ts";
import type { Vault } from "../vault.ts";
import type { ListedRecords } from "./own-list.ts";
import type { HitEvent, HitRow, HitView } from "./shapes.ts";

export function hitViewOf(vault: Vault, row: HitRow, { records, fault }: ListedRecords, profile: Profile): HitView {
  const { terms, openTerms, leastBits, mostBits } = explainHit(vault, row.round, row.hit, profile);
  return {
    row,
    records: records?.map(withoutEmpty) ?? null,
    listFault: fault,
    terms: terms.map(({ group, level, bits, rules }) => ({ group, level, bits, rules: [...rules] })),
    openTerms: openTerms.map((term) => ({ ...term })),
    leastBits,
    mostBits,
    probability: probabilityRange(profile, row.band, [leastBits, mostBits], rowCountsOf(vault, row)),
    history: historyOf(vault, row),
  };
}

/**
 * What weight, range of the prior and band leave of the match probability; the band alone where they have nothing in common.
 *
 * @param weightBits - Least and most.
 * @param rowCounts - Of both batches, padding included.
 */
export function probabilityRange(
  profile: Profile,
  band: ReleasedBand,
  weightBits: readonly [number, number],
  rowCounts: readonly [number, number],
): HitView["probability"] {
  const { high, medium, low } = profile.bands;
  const [bottom, top] = { high: [high, 1], medium: [medium, high], low: [low, medium] }[band] as [number, number];
  const posterior = (bits: number, matchesPerRow: number): number =>
    probabilityOf(bits, Math.log2(priorOdds(matchesPerRow, ...rowCounts)));
  const least = Math.max(bottom, posterior(weightBits[0], profile.prior.min));
  const most = Math.min(top, posterior(weightBits[1], profile.prior.max));
  return least <= most ? { least, most } : { least: bottom, most: top };
}

function rowCountsOf(vault: Vault, { round, counterpart }: HitRow): [number, number] {
  const descriptor = vault.descriptor(round);
  if (descriptor === null) throw new LinkageError("round-unknown", `this vault keeps nothing more of round ${round}`);
  return [expectedRowCount(descriptor, vault.identity.party), expectedRowCount(descriptor, counterpart)];
}

function historyOf(vault: Vault, { round, hit, counterpart, openedAt }: HitRow): HitEvent[] {
  const { answered, statuses } = vault.history(round);
  const events: HitEvent[] = [
    { at: openedAt, kind: "opened", status: null },
    ...answered
      .filter((each) => each.counterpart === counterpart)
      .map(({ at }): HitEvent => ({ at, kind: "answered", status: null })),
    ...statuses
      .filter((each) => each.hit === hit)
      .map(({ at, side, status }): HitEvent => ({ at, kind: `${side}-status`, status })),
  ];
  return events.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
}

function withoutEmpty(record: PersonRecord): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value.length > 0));
}
