/**
 * Years of fictional statistics: true counts, and what is published of them with the real noise, seeded.
 */
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { rationalText, sumOf } from "#engine/statistics/budget.ts";
import { COUNTERPART_BINS, RISK_INDICATORS } from "#engine/statistics/figures.ts";
import type { Histogram, HitCounts } from "#engine/statistics/histogram.ts";
import type { YearStatistics } from "#engine/statistics/published.ts";
import {
  HIT_EPSILON,
  histogramEpsilon,
  histogramErrorBar,
  releaseHistogram,
  releaseHits,
} from "#engine/statistics/release.ts";
import type { RandomFill } from "#engine/uniform.ts";
import { descriptorOf, identitiesOf, rosterOf } from "../round/parties.ts";
import { seeded } from "./seeded.ts";

export const CATEGORIES = ["contact", "convicted", "suspect"];

/** A round and its exact counts. */
export type CountedRound = {
  readonly descriptor: RoundDescriptor;
  readonly hits: readonly { readonly pairing: readonly [string, string]; readonly counts: HitCounts }[];
  readonly histograms: readonly { readonly party: string; readonly histogram: Histogram }[];
};

/** How large the counts of a round are. */
export type Size = (draw: () => number) => number;

/** @param change - As {@link roundOf} takes it. @param size - Of each count; `draw` gives a number from 0 to 1. */
export function countedRound(
  parties: readonly string[],
  change: Partial<RoundDescriptor>,
  size: Size,
  seed: string,
): CountedRound {
  const random = seeded(seed);
  const word = new Uint32Array(1);
  const draw = (): number => {
    random(word);
    return (word[0] ?? 0) / 2 ** 32;
  };
  const identities = identitiesOf(parties);
  const descriptor = descriptorOf(identities, rosterOf(identities), { categories: CATEGORIES, ...change });
  const count = (): number => Math.max(0, Math.round(size(draw)));
  return {
    descriptor,
    hits: descriptor.pairings.map((pairing) => ({
      pairing,
      counts: { high: count(), medium: count(), low: count() },
    })),
    histograms: parties.map((party) => {
      const inBins = COUNTERPART_BINS.map((name) => [name, count()] as const);
      let left = inBins.reduce((sum, [, value]) => sum + value, 0);
      const byCategory = CATEGORIES.map((name, at) => {
        const share = at === CATEGORIES.length - 1 ? left : Math.floor(left * draw());
        left -= share;
        return [name, share] as const;
      });
      return {
        party,
        histogram: {
          counterparts: Object.fromEntries(inBins) as Histogram["counterparts"],
          categories: Object.fromEntries(byCategory),
          riskIndicators: Object.fromEntries(
            RISK_INDICATORS.map((name) => [name, count()]),
          ) as Histogram["riskIndicators"],
        },
      };
    }),
  };
}

/** Publishes rounds in a year, a month apart. */
export function publishedYear(year: number, rounds: readonly CountedRound[], random: RandomFill): YearStatistics {
  const moment = (at: number): string => new Date(Date.UTC(year, at, 15, 12)).toISOString();
  const spent = rounds.flatMap(({ descriptor, histograms }) => [
    HIT_EPSILON,
    ...histograms.map(() => histogramEpsilon(descriptor)),
  ]);
  return {
    budget: { limit: "4/1", spent: rationalText(sumOf(spent)) },
    hits: rounds.map(({ descriptor, hits }, at) => ({
      ...releaseHits(descriptor, hits, random),
      field: descriptor.field,
      releasedAt: moment(at),
    })),
    parties: rounds.flatMap(({ descriptor, histograms }, at) =>
      histograms.map(({ party, histogram }) => ({
        ...releaseHistogram(descriptor, party, histogram, random),
        errorBar: histogramErrorBar(histogramEpsilon(descriptor)),
        field: descriptor.field,
        releasedAt: moment(at),
      })),
    ),
    year,
  };
}

/** @returns Ids of so many fictional parties, in order. */
export function partyIds(count: number): string[] {
  return Array.from({ length: count }, (_, at) => String.fromCharCode(65 + Math.floor(at / 26), 65 + (at % 26)));
}
