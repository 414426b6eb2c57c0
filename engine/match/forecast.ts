/**
 * Forecast of coincidental hits: how many pairs of different persons a pairing is expected to show in each band.
 * From sizes and profile alone, so that it tells nothing of what the lists hold (design §6, threat 14).
 */
import type { Profile } from "../profile.ts";
import { BANDS, bandOf, type Band } from "./band.ts";
import { probabilityOf } from "./prior.ts";
import { figureAt } from "./threshold-weights.ts";
import { informationThreshold } from "./weight.ts";

/** Expected pairs of different persons by band. */
export type Forecast = Readonly<Record<Band, number>>;

/**
 * The information threshold grows with the larger batch, so that chance agreements grow with the rows of the smaller one
 * only; those of relatives grow rarer as it rises.
 *
 * @param rowCountA - Rows of batch a, padding included.
 * @returns All zero when the profile has no counts of coincidences.
 */
export function forecastCoincidences(profile: Profile, rowCountA: number, rowCountB: number): Forecast {
  const forecast = Object.fromEntries(BANDS.map((band) => [band, 0])) as Record<Band, number>;
  const { coincidences, informationMarginBits, prior, weights } = profile;
  if (coincidences === undefined) return forecast;
  const { fromBits, binBits, perThousandRows } = coincidences;
  const thresholdBits = informationThreshold(profile, Math.max(rowCountA, rowCountB));
  const thousands = Math.min(rowCountA, rowCountB) / 1000;
  perThousandRows[0]?.forEach((_, bin) => {
    const counts = perThousandRows.map((bins) => bins[bin] as number);
    // With the threshold of the profile, log2(N) of the weight and of the prior cancel out.
    const excessBits = informationMarginBits + fromBits + bin * binBits + binBits / 2;
    const band = bandOf(profile, probabilityOf(excessBits, Math.log2(prior.start)));
    forecast[band] += figureAt(weights.thresholdBits, counts, thresholdBits) * thousands;
  });
  return forecast;
}
