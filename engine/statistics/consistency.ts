/**
 * A party's histogram made consistent: by number of counterparts and by category its rows with hits are one number.
 * Least squares with equal variances, in closed form: Hay, Rastogi, Miklau & Suciu (2010), "Boosting the Accuracy of Differentially
 * Private Histograms Through Consistency", PVLDB 3(1). docs/spec/statistics.md, "Regional picture"
 */
import { estimateOf, sumFrom, type Estimate } from "./estimate.ts";
import type { NoiseLaw } from "./noise-law.ts";

export type Figures = Readonly<Record<string, number | null>>;
export type Estimates = ReadonlyMap<string, Estimate>;

export type ConsistentHistogram = {
  /** Rows with hits: the sum of {@link counterparts}, and of {@link categories}. */
  readonly rows: Estimate;
  readonly counterparts: Estimates;
  readonly categories: Estimates;
};

/** @param counterparts - At least one, as {@link categories}; nulls are suppressed. */
export function consistentHistogram(counterparts: Figures, categories: Figures, law: NoiseLaw): ConsistentHistogram {
  const [inBins, inCategories] = [estimatesOf(counterparts, law), estimatesOf(categories, law)];
  const [binCount, categoryCount] = [inBins.size, inCategories.size];
  const [ofBins, ofCategories] = [categoryCount, binCount].map((other) => other / (binCount + categoryCount));
  if (ofBins === undefined || ofCategories === undefined || binCount === 0 || categoryCount === 0)
    throw new RangeError("consistentHistogram: no figures");
  const value = Math.round(ofBins * sumOf(inBins) + ofCategories * sumOf(inCategories));
  const spread = (power: number): number => binCount * ofBins ** power + categoryCount * ofCategories ** power;
  return {
    rows: sumFrom({
      value,
      variance: spread(2) * law.variance,
      fourthCumulant: spread(4) * law.fourthCumulant,
      bias: spread(1) * law.bias + 1,
    }),
    counterparts: moved(inBins, value, law),
    categories: moved(inCategories, value, law),
  };
}

export function estimatesOf(figures: Figures, law: NoiseLaw): Estimates {
  return new Map(Object.entries(figures).map(([name, published]) => [name, estimateOf(published, law)]));
}

/** Shares the distance to `wanted` equally, in whole units. */
function moved(estimates: Estimates, wanted: number, law: NoiseLaw): Estimates {
  const distance = wanted - sumOf(estimates);
  const each = Math.floor(distance / estimates.size);
  let left = distance - each * estimates.size;
  return new Map(
    [...estimates].map(([name, estimate]) => {
      const step = left-- > 0 ? each + 1 : each;
      return [name, { ...estimate, value: estimate.value + step, bias: 2 * law.bias + 2 }];
    }),
  );
}

function sumOf(estimates: Estimates): number {
  return [...estimates.values()].reduce((sum, { value }) => sum + value, 0);
}
