/**
 * From exact counts to what is published: noise by sensitivity and ε, figures under ten suppressed, error bars.
 * Noise is to be drawn once for an output. docs/spec/statistics.md
 */
import { reaches } from "../match/band.ts";
import { counterpartsOf, ReleasedBand, type RoundDescriptor } from "../round/descriptor.ts";
import type { RandomFill } from "../uniform.ts";
import { rational, rationalText, type Rational } from "./budget.ts";
import { laplaceSampler } from "./discrete-laplace.ts";
import type { Histogram, HitCounts } from "./histogram.ts";
import { HISTOGRAM_SENSITIVITY, MIN_FIGURE } from "./figures.ts";
import { errorBar } from "./noise-law.ts";
import type { Figure, HitStatistics, PartyStatistics } from "./published.ts";

/** ε of one round's hits by pairing and band. */
export const HIT_EPSILON = rational(1n, 2n);

export type PairingCounts = {
  /** Lower party id first. */
  readonly pairing: readonly [string, string];
  /** Distinct hits; those of bands that the round does not release are not looked at. */
  readonly counts: HitCounts;
};

/** @returns ε of each party's histogram in a round: all of them together as much as {@link HIT_EPSILON}. */
export function histogramEpsilon({ parties }: Pick<RoundDescriptor, "parties">): Rational {
  return rational(HIT_EPSILON.numerator, HIT_EPSILON.denominator * BigInt(parties.length));
}

/** @returns Smallest b with P(|X| > b) ≤ .05 for a party's histogram. */
export function histogramErrorBar(epsilon: Rational): number {
  return errorBar(valueOf(scaleOf(BigInt(HISTOGRAM_SENSITIVITY), epsilon)));
}

/**
 * @param counted - Pairings in any order, each at most once; one that is not there has no released hit.
 * @throws RangeError if a pairing is not the round's or occurs twice.
 */
export function releaseHits(
  descriptor: RoundDescriptor,
  counted: readonly PairingCounts[],
  random: RandomFill,
): HitStatistics {
  const byPairing = new Map(counted.map(({ pairing, counts }) => [pairing.join("-"), counts]));
  const names = new Set(descriptor.pairings.map((pairing) => pairing.join("-")));
  if (byPairing.size !== counted.length || [...byPairing.keys()].some((name) => !names.has(name)))
    throw new RangeError("releaseHits: a pairing that is not the round's, or one twice");
  const bands = ReleasedBand.options.filter((band) => reaches(band, descriptor.lowestBand));
  const most = Math.max(...descriptor.parties.map(({ id }) => counterpartsOf(descriptor, id).length));
  const scale = scaleOf(BigInt(most * bands.length), HIT_EPSILON);
  const noise = laplaceSampler(scale, random);
  return {
    figures: descriptor.pairings.flatMap((pairing) =>
      bands.map((band) => ({
        band,
        hits: noised(byPairing.get(pairing.join("-"))?.[band] ?? 0, noise),
        pairing,
      })),
    ),
    epsilon: rationalText(HIT_EPSILON),
    errorBar: errorBar(valueOf(scale)),
    round: descriptor.id,
  };
}

export function releaseHistogram(
  descriptor: RoundDescriptor,
  party: string,
  histogram: Histogram,
  random: RandomFill,
): PartyStatistics {
  const epsilon = histogramEpsilon(descriptor);
  const noise = laplaceSampler(scaleOf(BigInt(HISTOGRAM_SENSITIVITY), epsilon), random);
  const noisedFigures = <Name extends string>(counts: Readonly<Record<Name, number>>): Record<Name, Figure> =>
    Object.fromEntries(Object.entries<number>(counts).map(([name, count]) => [name, noised(count, noise)])) as Record<
      Name,
      Figure
    >;
  return {
    categories: noisedFigures(histogram.categories),
    counterparts: noisedFigures(histogram.counterparts),
    epsilon: rationalText(epsilon),
    format: "aquila/statistics/v1",
    party,
    riskIndicators: noisedFigures(histogram.riskIndicators),
    round: descriptor.id,
  };
}

function noised(count: number, noise: () => number): Figure {
  const value = count + noise();
  return value < MIN_FIGURE ? null : value;
}

function valueOf({ numerator, denominator }: Rational): number {
  return Number(numerator) / Number(denominator);
}

function scaleOf(sensitivity: bigint, epsilon: Rational): Rational {
  return rational(sensitivity * epsilon.denominator, epsilon.numerator);
}
