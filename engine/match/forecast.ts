/**
 * Forecast of coincidental hits: how many pairs of different persons a pairing is expected to show in each band.
 * From sizes and profile alone, so that it tells nothing of what the lists hold (design §6, threat 14).
 */
import type { Profile } from "../profile.ts";
import { BANDS, bandOf, type Band } from "./band.ts";
import { probabilityOf } from "./prior.ts";

/** Expected pairs of different persons by band. */
export type Forecast = Readonly<Record<Band, number>>;

/**
 * The information threshold grows with the larger batch, so coincidences grow with the rows of the smaller one only.
 *
 * @param rowCountA - Rows of batch a, padding included.
 * @returns All zero when the profile has no counts of coincidences.
 */
export function forecastCoincidences(profile: Profile, rowCountA: number, rowCountB: number): Forecast {
  const forecast = Object.fromEntries(BANDS.map((band) => [band, 0])) as Record<Band, number>;
  const { coincidences, informationMarginBits, prior } = profile;
  const thousands = Math.min(rowCountA, rowCountB) / 1000;
  coincidences?.perThousandRows.forEach((count, bin) => {
    // With the threshold of the profile, log2(N) of the weight and of the prior cancel out.
    const excessBits =
      informationMarginBits + coincidences.fromBits + bin * coincidences.binBits + coincidences.binBits / 2;
    const band = bandOf(profile, probabilityOf(excessBits, Math.log2(prior.start)));
    forecast[band] += count * thousands;
  });
  return forecast;
}
