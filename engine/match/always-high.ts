/**
 * Agreements that are in band *high* in every pairing: what a decoy can show without ever missing the lowest band released.
 */
import type { Profile } from "../profile.ts";
import { bandOf } from "./band.ts";
import { probabilityOf } from "./prior.ts";
import { weightTerms } from "./weight.ts";

/**
 * Whether a pair that agrees so is in band *high* whatever the row counts, the coverage classes and the prior within the profile's range.
 * Between two of the weights' thresholds every term is linear in the threshold, so that it is enough to look at these.
 *
 * @param cells - One digit for each rule of the profile: cells that agree under it.
 */
export function isAlwaysHigh(profile: Profile, cells: string): boolean {
  const pattern = Array.from(cells).reduce(
    (bits, count, rule) => (count === "0" ? bits : (bits | (1 << rule)) >>> 0),
    0,
  );
  const { informationMarginBits, prior, weights } = profile;
  return weights.thresholdBits.every((thresholdBits) => {
    const terms = profile.coverageClasses.map((_, index) =>
      weightTerms({ profile, thresholdBits }, pattern, index, index).slice(1),
    );
    const leastBits = (terms[0] ?? []).map((_, at) => Math.min(...terms.map((each) => each[at]?.bits ?? 0)));
    // With the threshold of the profile, log2(N) of the weight and of the prior cancel out.
    const excessBits = leastBits.reduce((sum, bits) => sum + bits, informationMarginBits);
    return bandOf(profile, probabilityOf(excessBits, Math.log2(prior.min))) === "high";
  });
}
