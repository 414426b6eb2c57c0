/**
 * The profile's weights at one information threshold: each figure between those fitted at the thresholds around it.
 * In: profile and threshold. Out: the same weights with one number for each figure. docs/spec/matching.md
 */
import type { Figure, Profile } from "../profile.ts";

/** A fact group's bits at one threshold; see the profile. */
export type ThresholdGroup = {
  readonly id: string;
  readonly levels: readonly { readonly id: string; readonly bits: number }[];
  readonly coverage: string | null;
  readonly disagreeBits: number;
  readonly missingBits: number;
};

export type ThresholdWeights = {
  /** Share of true pairs that agree on at least one rule. */
  readonly candidateRecall: number;
  readonly interceptBits: number;
  /** Profile order. */
  readonly groups: readonly ThresholdGroup[];
};

/** @param thresholdBits - Of the pairing. */
export function weightsAt({ weights }: Profile, thresholdBits: number): ThresholdWeights {
  const at = (figure: Figure): number => figureAt(weights.thresholdBits, figure, thresholdBits);
  return {
    candidateRecall: at(weights.candidateRecall),
    interceptBits: at(weights.interceptBits),
    groups: weights.groups.map(({ id, levels, coverage, disagreeBits, missingBits }) => ({
      id,
      levels: levels.map((level) => ({ id: level.id, bits: at(level.bits) })),
      coverage,
      disagreeBits: at(disagreeBits),
      missingBits: at(missingBits),
    })),
  };
}

/**
 * A figure at a threshold: linear between two entries, constant outside them.
 *
 * @param knots - Thresholds, strictly increasing, at least one.
 * @param figure - One number for each of them.
 */
export function figureAt(knots: readonly number[], figure: Figure, thresholdBits: number): number {
  const above = knots.findIndex((knot) => thresholdBits < knot);
  if (above === 0) return figure[0] as number;
  if (above === -1) return figure[knots.length - 1] as number;
  const [from, to] = [knots[above - 1] as number, knots[above] as number];
  const [low, high] = [figure[above - 1] as number, figure[above] as number];
  return low + ((thresholdBits - from) / (to - from)) * (high - low);
}
