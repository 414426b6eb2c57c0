/**
 * A pairing's result from the joins of its rules.
 * In: row pairs of every rule, coverage classes and row counts of both batches. Out: scored pairs in a fixed order.
 */
import type { Profile } from "../profile.ts";
import { bandOf, type Band } from "./band.ts";
import { foldPairs, type CandidatePairs, type RulePairs } from "./candidates.ts";
import { countWeights, estimatePrior, probabilityOf, type PairingPrior } from "./prior.ts";
import { informationThreshold, matchWeights } from "./weight.ts";

/** What matching needs to know of one batch besides its columns. */
export type BatchRows = { readonly rowCount: number; readonly classes: Uint8Array };

export type ScoredPairs = {
  readonly pairs: CandidatePairs;
  /** Match weight of each pair, bits, rounded to six decimals. */
  readonly weightBits: Float64Array;
  /** Match probability of each pair. */
  readonly probability: Float64Array;
  readonly prior: PairingPrior;
};

/** One candidate pair with its score. */
export type ScoredPair = {
  readonly rowA: number;
  readonly rowB: number;
  readonly pattern: number;
  readonly weightBits: number;
  readonly probability: number;
  readonly band: Band;
};

/**
 * Scores every candidate pair; the result does not depend on the order of `parts`.
 *
 * @param a - At least one row; so b.
 */
export function scorePairing(profile: Profile, parts: readonly RulePairs[], a: BatchRows, b: BatchRows): ScoredPairs {
  if (a.rowCount < 1 || b.rowCount < 1) throw new RangeError("scorePairing: a batch has no rows");
  const pairs = foldPairs(parts, 0, a.rowCount);
  const weightBits = weighPairs(profile, pairs, a, b);
  const prior = estimatePrior(profile, countWeights(weightBits), a.rowCount, b.rowCount);
  return { pairs, weightBits, probability: probabilitiesOf(weightBits, prior), prior };
}

/** @returns Match probability of each pair. */
export function probabilitiesOf(weightBits: Float64Array, { logOddsBits }: PairingPrior): Float64Array {
  return weightBits.map((bits) => probabilityOf(bits, logOddsBits));
}

/** @returns Match weight of each pair, bits, rounded to six decimals. */
export function weighPairs(profile: Profile, pairs: CandidatePairs, a: BatchRows, b: BatchRows): Float64Array {
  const model = { profile, thresholdBits: informationThreshold(profile, Math.max(a.rowCount, b.rowCount)) };
  return matchWeights(model, pairs, a.classes, b.classes).map(sixDecimals);
}

/** @returns The pair at position `at`. */
export function scoredPair(profile: Profile, scored: ScoredPairs, at: number): ScoredPair {
  const probability = scored.probability[at];
  if (probability === undefined) throw new RangeError(`scoredPair: no pair at ${at}`);
  return {
    rowA: scored.pairs.rowA[at] as number,
    rowB: scored.pairs.rowB[at] as number,
    pattern: scored.pairs.pattern[at] as number,
    weightBits: scored.weightBits[at] as number,
    probability,
    band: bandOf(profile, probability),
  };
}

function sixDecimals(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
