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
 * @param hits - All of the section.
 * @param entries - Of the hits' rows, by handle.
 * @returns Own cells that agreed, by hit. Absent is a hit that names a key which its row does not hold or that another hit has
 * already, or whose band its pattern cannot have.
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
  // A key is one row's alone in both batches, so that it agrees in one hit: the one of most rules, at both sides the same.
  const isUsed = new Set<string>();
  for (const hit of inOrderOfUse(hits)) {
    const entry = entries.get(hit.handle);
    if (entry === undefined || !canHaveBand(hit)) continue;
    const own = agreedCells(cells.get(entry.row) ?? [], hit.pattern, fromBase64url(hit.cells));
    if (own === null || own.length === 0) continue;
    const names = own.map(({ rule, digest }) => `${rule} ${toBase64url(digest)}`);
    if (names.every((name) => !isUsed.has(name))) agreed.set(hit.hit, own);
    for (const name of names) isUsed.add(name);
  }
  return agreed;
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

function inOrderOfUse(hits: readonly Hit[]): Hit[] {
  return [...hits].sort((one, other) => ruleCount(other) - ruleCount(one) || (one.hit < other.hit ? -1 : 1));
}

function ruleCount({ pattern }: Hit): number {
  return Array.from({ length: 32 }, (_, rule) => (pattern >>> rule) & 1).reduce((sum, bit) => sum + bit, 0);
}
