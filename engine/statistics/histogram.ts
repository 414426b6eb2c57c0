/**
 * Counts with bounded contributions: what one record can change is known before noise is added.
 * In: hits of a pairing, or a party's own rows with hits. Out: exact counts, for engine/statistics/release.ts alone.
 * docs/spec/statistics.md, "What one record can change"
 */
import { LinkageError } from "../errors.ts";
import { ReleasedBand } from "../round/descriptor.ts";
import { COUNTERPART_BINS, RISK_INDICATORS } from "./figures.ts";

/** Indicators of one row that count. */
const MAX_INDICATORS = 2;

export type HitCounts = Readonly<Record<ReleasedBand, number>>;

export type Histogram = {
  readonly counterparts: Readonly<Record<(typeof COUNTERPART_BINS)[number], number>>;
  /** One figure for each category that the round admits. */
  readonly categories: Readonly<Record<string, number>>;
  readonly riskIndicators: Readonly<Record<(typeof RISK_INDICATORS)[number], number>>;
};

/** A row of a party's list that has at least one hit. */
export type RowWithHits = {
  /** At least 1. */
  readonly counterpartCount: number;
  /** Of the row's first record; empty counts as `other`. */
  readonly category: string;
  /** Of the row's first record, in any order. */
  readonly riskIndicators: readonly string[];
};

/**
 * Counts hits of one pairing so that no row counts twice. One row more or less changes the counts by at most the number of
 * bands, all together.
 *
 * @param hits - In an order that depends on the two rows alone, such as row of the lower party, then of the higher.
 */
export function distinctHits(
  hits: readonly { readonly handleA: string; readonly handleB: string; readonly band: ReleasedBand }[],
): HitCounts {
  const counts = { high: 0, medium: 0, low: 0 };
  const [countedA, countedB] = [new Set<string>(), new Set<string>()];
  for (const wanted of ReleasedBand.options)
    for (const { handleA, handleB, band } of hits) {
      if (band !== wanted || countedA.has(handleA) || countedB.has(handleB)) continue;
      countedA.add(handleA);
      countedB.add(handleB);
      counts[band]++;
    }
  return counts;
}

/**
 * @param rows - Each row once.
 * @param categories - That the round admits.
 * @throws {@link LinkageError} `record-invalid` if a row has another category.
 */
export function histogramOf(rows: Iterable<RowWithHits>, categories: readonly string[]): Histogram {
  const counterparts = { one: 0, two: 0, three: 0, "four-or-more": 0 };
  const byCategory = new Map(categories.map((category) => [category, 0]));
  const byIndicator = new Map<string, number>(RISK_INDICATORS.map((indicator) => [indicator, 0]));
  for (const { counterpartCount, category, riskIndicators } of rows) {
    const bin = COUNTERPART_BINS[Math.min(counterpartCount, COUNTERPART_BINS.length) - 1];
    if (bin === undefined) throw new RangeError("histogramOf: a row without hits");
    counterparts[bin]++;
    const admitted = category === "" ? "other" : category;
    const count = byCategory.get(admitted);
    if (count === undefined)
      throw new LinkageError("record-invalid", "a record with hits has a category that the round does not admit");
    byCategory.set(admitted, count + 1);
    const known = RISK_INDICATORS.filter((indicator) => riskIndicators.includes(indicator));
    for (const indicator of known.slice(0, MAX_INDICATORS))
      byIndicator.set(indicator, (byIndicator.get(indicator) ?? 0) + 1);
  }
  return {
    counterparts,
    categories: Object.fromEntries(byCategory),
    riskIndicators: Object.fromEntries(byIndicator) as Histogram["riskIndicators"],
  };
}
