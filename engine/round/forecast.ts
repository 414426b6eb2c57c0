/**
 * Forecast of coincidental hits of a round's pairings, from what its descriptor declares and the profile alone.
 */
import { forecastCoincidences, type Forecast } from "../match/forecast.ts";
import type { Profile } from "../profile.ts";
import { expectedRowCount, type ReleasedBand, type RoundDescriptor } from "./descriptor.ts";

type PairingForecast = Pick<Forecast, ReleasedBand> & { readonly pairing: [lower: string, higher: string] };

/** @param profile - Under its own margin; the descriptor's takes its place. @returns In the descriptor's order. */
export function forecastByPairing(profile: Profile, descriptor: RoundDescriptor): PairingForecast[] {
  const underMargin = { ...profile, informationMarginBits: descriptor.informationMarginBits };
  return descriptor.pairings.map(([lower, higher]) => {
    const rows = [expectedRowCount(descriptor, lower), expectedRowCount(descriptor, higher)] as const;
    const { high, medium, low } = forecastCoincidences(underMargin, ...rows);
    return { pairing: [lower, higher], high, medium, low };
  });
}
