/**
 * The bands that an agreement pattern can have in a pairing, whatever the coverage classes of its rows and the prior within the
 * profile's range: what a party can check of a band without the counterpart's batch. docs/spec/matching.md
 */
import type { Profile } from "../profile.ts";
import { bandOf, type Band } from "./band.ts";
import { priorOdds, probabilityOf } from "./prior.ts";
import { informationThreshold, weightTerms } from "./weight.ts";

/** Weights are rounded to six decimals before they become bands. */
const ROUNDING_BITS = 1e-6;

/**
 * @param profile - With the round's information margin.
 * @param rowCounts - Of the pairing's batches, padding included, in any order.
 */
export function attainableBands(
  profile: Profile,
  pattern: number,
  rowCounts: readonly [number, number],
): { readonly least: Band; readonly most: Band } {
  const model = { profile, thresholdBits: informationThreshold(profile, Math.max(...rowCounts)) };
  const classes = [...profile.coverageClasses.keys()];
  const weights = classes.flatMap((one) =>
    classes.map((other) => weightTerms(model, pattern, one, other).reduce((sum, { bits }) => sum + bits, 0)),
  );
  const { min, max } = profile.prior;
  const bandAt = (weightBits: number, matchesPerRow: number): Band =>
    bandOf(profile, probabilityOf(weightBits, Math.log2(priorOdds(matchesPerRow, ...rowCounts))));
  return {
    least: bandAt(Math.min(...weights) - ROUNDING_BITS, min),
    most: bandAt(Math.max(...weights) + ROUNDING_BITS, max),
  };
}
