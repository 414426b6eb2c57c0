/**
 * A party's histogram of its own records with hits, noised before it leaves. docs/spec/statistics.md
 */
import type { PersonRecord } from "#engine/encode/person.ts";
import { LinkageError } from "#engine/errors.ts";
import { histogramOf, type RowWithHits } from "#engine/statistics/histogram.ts";
import type { PartyStatistics } from "#engine/statistics/published.ts";
import { releaseHistogram } from "#engine/statistics/release.ts";
import type { RandomFill } from "#engine/uniform.ts";
import { isOver } from "./report.ts";
import type { Vault } from "./vault.ts";

/**
 * Draws the noise the first time and keeps the result; after that the vault's is given, since two draws for one count would
 * tell more than one.
 *
 * @param findRecords - Reads the list that was encoded for the records with these references.
 * @throws {@link LinkageError} `package-unavailable` if the vault holds no hits of the round; `round-state` while a pairing can still be opened; `not-found` if the list lacks
 * a record with hits; `record-invalid` if such a record has a category that the round does not admit.
 */
export async function noisedStatistics(
  vault: Vault,
  round: string,
  findRecords: (refs: ReadonlySet<string>) => Promise<readonly PersonRecord[]>,
  random: RandomFill,
  now: Date,
): Promise<PartyStatistics> {
  const kept = vault.statistics(round);
  if (kept !== null) return kept;
  const descriptor = vault.descriptor(round);
  const counterparts = counterpartsByReference(vault, round);
  requireSettled(vault, round, now);
  const records = await findRecords(new Set(counterparts.keys()));
  if (descriptor === null || records.length < counterparts.size)
    throw new LinkageError("not-found", "a record with hits is not in this list; name the one that was encoded");
  const rows = records.map(({ rec_id: ref, category, risk_indicators: riskIndicators }): RowWithHits => ({
    counterpartCount: counterparts.get(ref)?.size ?? 0,
    category,
    riskIndicators,
  }));
  const histogram = histogramOf(rows, descriptor.categories);
  return vault.keepStatistics(releaseHistogram(descriptor, vault.identity.party, histogram, random));
}

/** @returns Counterparts with whom each row has hits; a row by its first reference, the same in all its batches. */
function counterpartsByReference(vault: Vault, round: string): Map<string, Set<string>> {
  const sections = (vault.pairings(round) ?? []).flatMap(({ counterpart }) => vault.section(round, counterpart) ?? []);
  if (sections.length === 0)
    throw new LinkageError("package-unavailable", `no pairing of ${round} is open yet; run: aquila round results`);
  const found = new Map<string, Set<string>>();
  for (const { counterpart, hits } of sections) {
    const wanted = new Set(hits.map((hit) => hit.handle));
    for (const { refs } of vault.readHandleMap(round, counterpart, wanted).values()) {
      const first = refs[0] as string;
      found.set(first, (found.get(first) ?? new Set()).add(counterpart));
    }
  }
  return found;
}

/** What is drawn stays, so that it has to be of all the hits that there will be. */
function requireSettled(vault: Vault, round: string, now: Date): void {
  const descriptor = vault.descriptor(round);
  if (descriptor === null || isOver(descriptor, "acknowledgements", now)) return;
  const closed = (vault.pairings(round) ?? [])
    .map(({ counterpart }) => counterpart)
    .filter((counterpart) => vault.section(round, counterpart) === null);
  if (closed.length > 0)
    throw new LinkageError(
      "round-state",
      `the pairings with ${closed.join(", ")} can still be opened; run aquila round results, and this again when they are or the deadline acknowledgements is over`,
    );
}
