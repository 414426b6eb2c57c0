/**
 * The regional picture: published figures of any number of rounds as estimates that add up. Costs no ε.
 * In: what was published in some years. Out: sums by pairing, party, band, round, field, category and indicator.
 * docs/spec/statistics.md, "Regional picture"
 */
import { consistentHistogram, estimatesOf, type ConsistentHistogram, type Estimates } from "./consistency.ts";
import { estimateOf, shownOf, sumOfEstimates, type Estimate, type Shown } from "./estimate.ts";
import { HISTOGRAM_SENSITIVITY, COUNTERPART_BINS, RISK_INDICATORS } from "./figures.ts";
import { noiseLaw, type NoiseLaw } from "./noise-law.ts";
import type { HitStatistics, YearStatistics } from "./published.ts";

type Band = HitStatistics["figures"][number]["band"];

/** In order from the most certain. */
export const BANDS = ["high", "medium", "low"] as const satisfies readonly Band[];

export type PictureRound = {
  readonly id: string;
  readonly field: string;
  /** RFC 3339. */
  readonly releasedAt: string;
  readonly errorBar: number;
};

type Cell = {
  readonly round: string;
  readonly field: string;
  readonly pairing: readonly [string, string];
  readonly band: Band;
  readonly hits: Estimate;
};

type Histogram = ConsistentHistogram & {
  readonly round: string;
  readonly field: string;
  readonly party: string;
  readonly riskIndicators: Estimates;
};

export type RegionalPicture = {
  /** Oldest first; those of which hits were published. */
  readonly rounds: readonly PictureRound[];
  readonly cells: readonly Cell[];
  readonly histograms: readonly Histogram[];
  readonly fields: readonly string[];
  readonly budgets: readonly { readonly year: number; readonly spent: string; readonly limit: string }[];
};

/** What a view is limited to; what is not named is not limited. */
export type Choice = {
  readonly round?: string;
  readonly field?: string;
  readonly band?: Band;
  readonly party?: string;
};

/** A list of figures with the sum that they have. */
export type Group = {
  readonly entries: readonly { readonly name: string; readonly shown: Shown }[];
  /** Null where a row can be in several of the figures. */
  readonly total: Shown | null;
};

export type Matrix = {
  /** In order of id. */
  readonly parties: readonly string[];
  /** By {@link pairName}; a pairing that no round had is not there. */
  readonly pairings: ReadonlyMap<string, Shown>;
  /** Hits of a party, with whomever. */
  readonly byParty: ReadonlyMap<string, Shown>;
  readonly byBand: Group;
  readonly whole: Shown;
};

export type TrendPoint = PictureRound & { readonly whole: Shown; readonly byBand: ReadonlyMap<Band, Shown> };

export const HISTOGRAM_GROUPS = ["categories", "riskIndicators", "counterparts"] as const;
export type HistogramGroup = (typeof HISTOGRAM_GROUPS)[number];

/** @param years - In order, each once. */
export function regionalPicture(years: readonly YearStatistics[]): RegionalPicture {
  const hits = years.flatMap((year) => year.hits);
  const parties = years.flatMap((year) => year.parties);
  return {
    rounds: hits.map(({ round, field, releasedAt, errorBar }) => ({ id: round, field, releasedAt, errorBar })),
    cells: hits.flatMap((published) => cellsOf(published, published.field)),
    histograms: parties.map(({ round, field, party, epsilon, counterparts, categories, riskIndicators }) => {
      const law = noiseLaw(HISTOGRAM_SENSITIVITY / fractionValue(epsilon));
      return {
        round,
        field,
        party,
        ...consistentHistogram(counterparts, categories, law),
        riskIndicators: estimatesOf(riskIndicators, law),
      };
    }),
    fields: [...new Set([...hits, ...parties].map(({ field }) => field))].sort(),
    budgets: years.map(({ year, budget }) => ({ year, ...budget })),
  };
}

export function matrixOf({ cells }: Pick<RegionalPicture, "cells">, choice: Choice): Matrix {
  const chosen = cells.filter((cell) => isChosen(cell, choice));
  const parties = [...new Set(chosen.flatMap(({ pairing }) => pairing))].sort();
  const byPairing = Map.groupBy(chosen, ({ pairing }) => pairName(...pairing));
  return {
    parties,
    pairings: new Map([...byPairing].map(([name, found]) => [name, shownSum(found)])),
    byParty: new Map(
      parties.map((party) => [party, shownSum(chosen.filter(({ pairing }) => pairing.includes(party)))]),
    ),
    byBand: groupOf(BANDS.map((band) => [band, chosen.filter((cell) => cell.band === band)])),
    whole: shownSum(chosen),
  };
}

/** @returns One point a round, oldest first. */
export function trendOf({ rounds, cells }: RegionalPicture, choice: Choice): TrendPoint[] {
  const chosen = Map.groupBy(
    cells.filter((cell) => isChosen(cell, choice)),
    ({ round }) => round,
  );
  return rounds.flatMap((round) => {
    const found = chosen.get(round.id);
    if (found === undefined) return [];
    const byBand = Map.groupBy(found, ({ band }) => band);
    return [
      {
        ...round,
        whole: shownSum(found),
        byBand: new Map([...byBand].map(([band, ofBand]) => [band, shownSum(ofBand)])),
      },
    ];
  });
}

/** Hits by the field of crime of their round. */
export function hitsByField({ cells, fields }: RegionalPicture, choice: Choice): Group {
  const chosen = cells.filter((cell) => isChosen(cell, choice));
  return groupOf(fields.map((field) => [field, chosen.filter((cell) => cell.field === field)]));
}

/** Rows with hits of the parties, each in its own list. */
export function rowsBy({ histograms }: RegionalPicture, group: HistogramGroup, choice: Choice): Group {
  const chosen = histograms.filter((histogram) => isChosen(histogram, choice));
  const order: readonly string[] =
    group === "categories"
      ? [...new Set(chosen.flatMap(({ categories }) => [...categories.keys()]))].sort()
      : group === "counterparts"
        ? COUNTERPART_BINS
        : RISK_INDICATORS;
  const entries = order.flatMap((name) => {
    const found = chosen.flatMap((histogram) => histogram[group].get(name) ?? []);
    return found.length === 0 ? [] : [{ name, shown: shownOf(sumOfEstimates(found)) }];
  });
  const rows = chosen.map((histogram) => histogram.rows);
  return { entries, total: group === "riskIndicators" || rows.length === 0 ? null : shownOf(sumOfEstimates(rows)) };
}

/** @returns Parties whose histograms are there, in order of id. */
export function partiesOf({ histograms }: RegionalPicture): string[] {
  return [...new Set(histograms.map(({ party }) => party))].sort();
}

/** What the figures under ten of a group count together; null if there is none, or no total for them to count in. */
export function underTenOf({ entries, total }: Group): { readonly count: number; readonly counted: number } | null {
  const hidden = entries.filter(({ shown }) => shown.figure === null);
  if (total === null || hidden.length === 0) return null;
  return { count: hidden.length, counted: hidden.reduce((sum, { shown }) => sum + shown.counted, 0) };
}

export function pairName(one: string, other: string): string {
  return one < other ? `${one}–${other}` : `${other}–${one}`;
}

function cellsOf({ round, epsilon, figures }: HitStatistics, field: string): Cell[] {
  const law = hitLaw(figures, epsilon);
  return figures.map(({ pairing, band, hits }) => ({ round, field, pairing, band, hits: estimateOf(hits, law) }));
}

/** The scale follows from the figures that there are: those of the party with most, counterparts × bands, over ε. */
function hitLaw(figures: HitStatistics["figures"], epsilon: string): NoiseLaw {
  const figureCounts = Map.groupBy(
    figures.flatMap(({ pairing }) => pairing),
    (party) => party,
  );
  const mostFigures = Math.max(...[...figureCounts.values()].map(({ length }) => length));
  return noiseLaw(mostFigures / fractionValue(epsilon));
}

function groupOf(parts: readonly (readonly [name: string, cells: readonly Cell[]])[]): Group {
  const filled = parts.filter(([, cells]) => cells.length > 0);
  const all = filled.flatMap(([, cells]) => cells);
  return {
    entries: filled.map(([name, cells]) => ({ name, shown: shownSum(cells) })),
    total: all.length === 0 ? null : shownSum(all),
  };
}

function shownSum(cells: readonly Cell[]): Shown {
  return shownOf(sumOfEstimates(cells.map(({ hits }) => hits)));
}

function isChosen(
  found: { readonly round: string; readonly field: string; readonly band?: Band; readonly party?: string },
  { round, field, band, party }: Choice,
): boolean {
  return (
    (round === undefined || found.round === round) &&
    (field === undefined || found.field === field) &&
    (band === undefined || found.band === undefined || found.band === band) &&
    (party === undefined || found.party === undefined || found.party === party)
  );
}

/** @param text - `numerator/denominator`. */
function fractionValue(text: string): number {
  const [numerator = "", denominator = ""] = text.split("/");
  return Number(numerator) / Number(denominator);
}
