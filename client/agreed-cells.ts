/**
 * Own cells behind hits: what a party can check of a hit by itself, before any proof.
 */
import { agreedCells, readOwnCells, type AgreedCell } from "#engine/encode/own-cells.ts";
import { attainableBands } from "#engine/match/attainable.ts";
import { reaches } from "#engine/match/band.ts";
import type { Profile } from "#engine/profile.ts";
import { fromBase64url, toBase64url } from "#engine/round/binary.ts";
import { expectedRowCount } from "#engine/round/descriptor.ts";
import type { Hit } from "#engine/round/package.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { HandleEntry } from "./handle-map.ts";
import type { Vault } from "./vault.ts";

/**
 * @param entries - Of the hits' rows, by handle.
 * @returns Own cells that agreed, by hit. Absent is a hit that names a key which its row does not hold, or whose band its pattern cannot have.
 */
export function agreedOf(
  vault: Vault,
  round: string,
  counterpart: string,
  hits: readonly Hit[],
  entries: ReadonlyMap<string, HandleEntry>,
): Map<string, AgreedCell[]> {
  const rows = new Set([...entries.values()].map(({ row }) => row));
  const cells = readOwnCells(vault.ownCells(round, counterpart), rows);
  const canHaveBand = bandCheck(vault, round, counterpart);
  const agreed = new Map<string, AgreedCell[]>();
  for (const hit of hits) {
    const entry = entries.get(hit.handle);
    if (entry === undefined || !canHaveBand(hit)) continue;
    const own = agreedCells(cells.get(entry.row) ?? [], hit.pattern, fromBase64url(hit.cells));
    if (own !== null && own.length > 0) agreed.set(hit.hit, own);
  }
  return agreed;
}

/**
 * A key is one row's alone in both batches, so that it agrees in one hit: of those with a common key the one of most rules, of these
 * the first by id, at both sides the same.
 *
 * @param proven - Hits whose proof holds.
 * @param agreed - Own cells that agreed, by hit.
 * @returns Ids of the hits that are believed.
 */
export function believedOf(proven: readonly Hit[], agreed: ReadonlyMap<string, readonly AgreedCell[]>): Set<string> {
  const believed = new Set<string>();
  const isUsed = new Set<string>();
  const ordered = [...proven].sort((one, other) => ruleCount(other) - ruleCount(one) || (one.hit < other.hit ? -1 : 1));
  for (const { hit } of ordered) {
    const names = (agreed.get(hit) ?? []).map(({ rule, digest }) => `${rule} ${toBase64url(digest)}`);
    if (names.every((name) => !isUsed.has(name))) believed.add(hit);
    for (const name of names) isUsed.add(name);
  }
  return believed;
}

function bandCheck(vault: Vault, round: string, counterpart: string): (hit: Hit) => boolean {
  const descriptor = vault.descriptor(round);
  if (descriptor === null) return () => false;
  const { informationMarginBits } = descriptor;
  const profile: Profile = { ...SHIPPED_PROFILE, informationMarginBits };
  const rowCounts = [vault.identity.party, counterpart].map((party) => expectedRowCount(descriptor, party)) as [
    number,
    number,
  ];
  const known = new Map<number, ReturnType<typeof attainableBands>>();
  return ({ band, pattern }) => {
    const { least, most } = known.get(pattern) ?? attainableBands(profile, pattern, rowCounts);
    known.set(pattern, { least, most });
    return reaches(band, least) && reaches(most, band);
  };
}

function ruleCount({ pattern }: Hit): number {
  return Array.from({ length: 32 }, (_, rule) => (pattern >>> rule) & 1).reduce((sum, bit) => sum + bit, 0);
}
