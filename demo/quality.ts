/**
 * What a round found, against the truth: hits of all parties joined by their common ids.
 * A hit is true when any reference of one row and any of the other are one person; a true pair of records is found when
 * some hit holds both. Precision counts hits, recall counts pairs of records.
 */
import type { ResultRow } from "#client/results.ts";
import type { ReleasedBand } from "#engine/round/descriptor.ts";
import type { TruthEntry } from "#fixtures/people.ts";

export const RELEASED_BANDS = ["high", "medium", "low"] as const satisfies readonly ReleasedBand[];

/** A hit as both owners see it; lower party id first. */
export type SharedHit = {
  readonly parties: readonly [string, string];
  readonly refs: readonly [readonly string[], readonly string[]];
  readonly band: ReleasedBand;
};

type BandQuality = {
  /** This band and all more certain ones. */
  readonly downTo: ReleasedBand;
  readonly hits: number;
  readonly trueHits: number;
  readonly foundPairs: number;
};

/**
 * @param results - Each party's hits, by party.
 * @throws Error if a hit is not in exactly the two packages of its owners, with one band.
 */
export function joinResults(results: ReadonlyMap<string, readonly ResultRow[]>): SharedHit[] {
  const sides = Map.groupBy(
    [...results].flatMap(([party, rows]) => rows.map((row) => ({ party, row }))),
    ({ row }) => row.hit,
  );
  return [...sides.values()].map((owners) => {
    const [a, b] = owners.sort((one, other) => (one.party < other.party ? -1 : 1));
    if (a === undefined || b === undefined || owners.length !== 2) throw new Error("a hit is not in two packages");
    if (a.row.counterpart !== b.party || b.row.counterpart !== a.party || a.row.band !== b.row.band)
      throw new Error("the two owners of a hit see it differently");
    return { parties: [a.party, b.party], refs: [a.row.refs, b.row.refs], band: a.row.band };
  });
}

/** @returns Names of all true pairs of records in two different lists. */
export function truePairs(truth: Iterable<TruthEntry>): ReadonlySet<string> {
  const pairs = new Set<string>();
  for (const { refs } of truth) {
    for (const [at, a] of refs.entries()) {
      for (const b of refs.slice(at + 1)) if (a.party !== b.party) pairs.add(pairName(a.rec_id, b.rec_id));
    }
  }
  return pairs;
}

/** @returns One entry for each band, from *high* alone to all. */
export function qualityByBand(hits: readonly SharedHit[], truth: ReadonlySet<string>): BandQuality[] {
  return RELEASED_BANDS.map((downTo, last) => {
    const taken = hits.filter(({ band }) => RELEASED_BANDS.indexOf(band) <= last);
    const found = taken.map((hit) => pairNames(hit).filter((name) => truth.has(name)));
    return {
      downTo,
      hits: taken.length,
      trueHits: found.filter((names) => names.length > 0).length,
      foundPairs: new Set(found.flat()).size,
    };
  });
}

function pairNames({ refs: [refsA, refsB] }: SharedHit): string[] {
  return refsA.flatMap((a) => refsB.map((b) => pairName(a, b)));
}

function pairName(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
