/**
 * The prior of one pairing, estimated by expectation–maximisation with the weights held fixed.
 * Dempster, Laird & Rubin (1977), JRSS B 39(1); only the mixing proportion moves, so crafted rows cannot shift weights.
 */
import type { Profile } from "../profile.ts";
import { weightsAt } from "./threshold-weights.ts";
import { informationThreshold } from "./weight.ts";

const MAX_STEPS = 200;
const CONVERGED = 1e-9;

/** The estimate and the odds that follow from it. */
export type PairingPrior = {
  /** True pairs per row of the smaller batch, within the profile's range. */
  readonly matchesPerRow: number;
  /** log2 of the prior odds that two rows drawn at random are one person. */
  readonly logOddsBits: number;
};

/** Match weight, bits → how many candidate pairs have it. */
export type WeightCounts = ReadonlyMap<number, number>;

/** @param weights - Match weights of candidate pairs, bits. */
export function countWeights(weights: Float64Array): WeightCounts {
  const counts = new Map<number, number>();
  for (const weight of weights) counts.set(weight, (counts.get(weight) ?? 0) + 1);
  return counts;
}

/**
 * @param weights - Of the candidate pairs, in any order.
 * @param rowCountA - Rows of batch a, padding included.
 */
export function estimatePrior(
  profile: Profile,
  weights: WeightCounts,
  rowCountA: number,
  rowCountB: number,
): PairingPrior {
  const { min, max, start } = profile.prior;
  const smaller = Math.min(rowCountA, rowCountB);
  const { candidateRecall } = weightsAt(profile, informationThreshold(profile, Math.max(rowCountA, rowCountB)));
  // In order of weight, so that no sum depends on the order of rows.
  const counted = [...weights].sort((one, other) => one[0] - other[0]);
  let matchesPerRow = start;
  for (let step = 0; step < MAX_STEPS; step++) {
    const odds = priorOdds(matchesPerRow, rowCountA, rowCountB);
    let expected = 0;
    for (const [weight, count] of counted) expected += count * probabilityOf(weight, Math.log2(odds));
    // True pairs without any agreeing key are among the pairs never seen.
    const unseen = matchesPerRow * smaller * (1 - candidateRecall);
    const updated = clamp((expected + unseen) / smaller, min, max);
    const change = Math.abs(updated - matchesPerRow);
    matchesPerRow = updated;
    if (change < CONVERGED) break;
  }
  return { matchesPerRow, logOddsBits: Math.log2(priorOdds(matchesPerRow, rowCountA, rowCountB)) };
}

/**
 * Match probability: posterior of the pair being one person.
 *
 * @param weightBits - Match weight, bits.
 * @param logOddsBits - log2 of the prior odds.
 */
export function probabilityOf(weightBits: number, logOddsBits: number): number {
  return 1 / (1 + 2 ** -(weightBits + logOddsBits));
}

/** @returns Odds that two rows drawn at random are one person. */
export function priorOdds(matchesPerRow: number, rowCountA: number, rowCountB: number): number {
  const share = matchesPerRow / Math.max(rowCountA, rowCountB);
  return share / (1 - share);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
