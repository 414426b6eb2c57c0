/**
 * Attack `counting`: was one record in the list? Told from numbers alone: size classes, the forecast, packages' lengths and released
 * statistics. The attacker knows every hit but those of that record, and the noise's law, and decides by likelihood (Neyman and
 * Pearson 1933); its advantage is how much oftener it says yes with the record than without (Yeom et al. 2018).
 */
import { randomFillSync } from "node:crypto";
import { reaches } from "#engine/match/band.ts";
import { forecastCoincidences } from "#engine/match/forecast.ts";
import { expectedRowCount, ReleasedBand, type RoundDescriptor } from "#engine/round/descriptor.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { sectionLength } from "#engine/round/package.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { Rational } from "#engine/statistics/budget.ts";
import { distinctHits, histogramOf, type Histogram } from "#engine/statistics/histogram.ts";
import { HIT_EPSILON, histogramEpsilon, releaseHistogram, releaseHits } from "#engine/statistics/release.ts";
import { castOf, describeRound } from "#fixtures/cast.ts";
import { PARTIES } from "#fixtures/people.ts";
import type { Scale } from "../measurement.ts";
import type { Attack, Finding } from "./finding.ts";
import { errorOf, logProbability, type Seen } from "./laplace-attacker.ts";

/** Rounds released with the record, and as many without it. */
const TRIALS: Record<Scale, number> = { smoke: 1_000, usual: 4_000, full: 20_000 };
const ADVANTAGE = "advantage in telling whether a record is there";
/** Around a bound, for what chance does to a figure. */
const STANDARD_ERRORS = 4;
const ROUNDS_OF_A_YEAR = 4;
const MOST_RELEASES_OF_HITS = 8;
/** Fewest of which sizes are looked at. */
const FEWEST = 100;
/** Rows of a counterpart's batch in whose forecast the own size shows most. */
const LARGE = 1_000_000;
/** Of other records, in each band of each pairing. */
const OTHER_HITS = 200;

export const counting: Attack = {
  name: "counting",
  about:
    "one record's presence from sizes, forecast and statistics, all else known (Yeom et al. 2018; Kairouz et al. 2015)",
  *run(scale): Iterable<Finding> {
    const twelve = roundOf(PARTIES, "low");
    yield* fromSizes(twelve);
    yield* fromStatistics({ twelve, two: roundOf(PARTIES.slice(0, 2), "high") }, TRIALS[scale]);
    yield* fromDifferences(twelve, TRIALS[scale]);
  },
};

/** The first party and its counterparts: of rounds with so many parties, a record of that party can change most here. */
function roundOf(ids: readonly string[], lowestBand: ReleasedBand): RoundDescriptor {
  const cast = castOf(ids.map(makeIdentity), "A".repeat(43));
  const setting = { id: "counted", profile: SHIPPED_PROFILE, declaredRecords: 1_000, now: new Date() };
  const [own = "", ...others] = ids;
  return describeRound(cast, setting, { pairings: others.map((other) => [own, other]), agreements: [], lowestBand });
}

/** Sizes are the same with one record more unless a class ends there; then they tell it for certain. */
function* fromSizes(round: RoundDescriptor): Iterable<Finding> {
  const [own] = round.parties;
  const rowsOf = (declaredRecords: number): number =>
    own === undefined ? 0 : expectedRowCount({ ...round, parties: [{ ...own, declaredRecords }] }, own.id);
  const forecast = (rows: number): number => forecastCoincidences(SHIPPED_PROFILE, rows, LARGE).high;
  const exact = (count: number): number => count;
  const cases = [
    { name: "batch size", most: 100_000, ours: rowsOf, control: exact },
    { name: "forecast", most: 100_000, ours: (records: number) => forecast(rowsOf(records)), control: forecast },
    { name: "package length", most: 10_000, ours: sectionLength, control: exact },
  ];
  for (const { name, most, ours, control } of cases) {
    const variant = `${name}, ${FEWEST} to ${most.toLocaleString("en")}, as likely in every decade`;
    yield { variant, against: "ours", measure: ADVANTAGE, figure: shareTold(ours, most), most: 0.01 };
    yield { variant, against: "control", measure: ADVANTAGE, figure: shareTold(control, most), above: 0.99 };
  }
}

/** @returns Share of counts from {@link FEWEST} on whose figure is another with one more, each count weighed by 1/count. */
function shareTold(figureOf: (count: number) => number, most: number): number {
  let [told, all] = [0, 0];
  let figure = figureOf(FEWEST);
  for (let count = FEWEST; count < most; count++) {
    const next = figureOf(count + 1);
    all += 1 / count;
    told += next === figure ? 0 : 1 / count;
    figure = next;
  }
  return told / all;
}

/** Exact figures of a round, in an order of their own, the scale of the noise of each, and what is published of them. */
type Round = {
  readonly counts: readonly number[];
  readonly scales: readonly number[];
  readonly publish: () => Seen[];
};

/** A record that changes all that one may, in every pairing and histogram, against a round without it. */
function* fromStatistics(
  { twelve, two }: Readonly<Record<"twelve" | "two", RoundDescriptor>>,
  trials: number,
): Iterable<Finding> {
  const [hits, all] = [valueOf(HIT_EPSILON), 1];
  const cases = [
    { name: "hits of twelve parties", ...neighbours(twelve, hitsOf), rounds: 1, epsilon: hits },
    { name: "hits of two parties, band high only", ...neighbours(two, hitsOf), rounds: 1, epsilon: hits },
    { name: "all of one round of twelve", ...neighbours(twelve, everythingOf), rounds: 1, epsilon: all },
    { name: "all of one round of two", ...neighbours(two, everythingOf), rounds: 1, epsilon: all },
    {
      name: "all of a year of two",
      ...neighbours(two, everythingOf),
      rounds: ROUNDS_OF_A_YEAR,
      epsilon: ROUNDS_OF_A_YEAR,
    },
  ];
  const standardError = Math.sqrt(1 / (2 * trials));
  for (const { name, one, other, rounds, epsilon } of cases) {
    const bound = mostAdvantage(epsilon);
    yield {
      variant: `${name}, released with noise`,
      against: "ours",
      measure: ADVANTAGE,
      figure: advantageOf(one, other, { trials, rounds }),
      most: bound + STANDARD_ERRORS * standardError,
      also: { epsilon, bound, trials, standardError },
    };
  }
  const { one, other } = neighbours(twelve, hitsOf);
  const exact = (counted: Round): Round => ({
    ...counted,
    publish: () => [...counted.counts],
  });
  yield {
    variant: "hits of twelve parties, released exactly",
    against: "control",
    measure: ADVANTAGE,
    figure: advantageOf(exact(one), exact(other), { trials: 100, rounds: 1 }),
    above: 0.99,
  };
}

/** A round with the record, and the same without it. */
function neighbours(round: RoundDescriptor, countedOf: (round: RoundDescriptor, isThere: boolean) => Round) {
  return { one: countedOf(round, true), other: countedOf(round, false) };
}

/** (e^ε − 1)/(e^ε + 1). Kairouz, Oh & Viswanath (2015), "The Composition Theorem for Differential Privacy", for δ = 0. */
function mostAdvantage(epsilon: number): number {
  return Math.tanh(epsilon / 2);
}

/** @returns Share of rounds with the record that are taken for such, less that of rounds without. */
function advantageOf(one: Round, other: Round, { trials, rounds }: { trials: number; rounds: number }): number {
  const isTaken = ({ publish }: Round): boolean => {
    let logOdds = 0;
    for (let round = 0; round < rounds; round++)
      publish().forEach((seen, at) => {
        const scale = one.scales[at] as number;
        logOdds += logProbability(seen, one.counts[at] as number, scale);
        logOdds -= logProbability(seen, other.counts[at] as number, scale);
      });
    return logOdds > 0;
  };
  let difference = 0;
  for (let trial = 0; trial < trials; trial++) difference += Number(isTaken(one)) - Number(isTaken(other));
  return difference / trials;
}

/**
 * Hits of AT with each counterpart. The record's hit in *high* takes its partner from a hit in *medium*, whose row then has one in
 * *low*: three figures change, as many as can.
 */
function hitsOf(round: RoundDescriptor, isThere: boolean): Round {
  const path = [
    { handleA: "record", handleB: "1", band: "high" },
    { handleA: "2", handleB: "1", band: "medium" },
    { handleA: "2", handleB: "3", band: "low" },
  ] as const;
  const found = distinctHits(isThere ? path : path.slice(1));
  const counts = { high: OTHER_HITS + found.high, medium: OTHER_HITS + found.medium, low: OTHER_HITS + found.low };
  const released = ReleasedBand.options.filter((band) => reaches(band, round.lowestBand));
  const counted = round.pairings.map((pairing) => ({ pairing, counts }));
  const scale = (released.length * round.pairings.length) / valueOf(HIT_EPSILON);
  return {
    counts: counted.flatMap(() => released.map((band) => counts[band])),
    scales: counted.flatMap(() => released.map(() => scale)),
    publish: () => releaseHits(round, counted, randomFillSync).figures.map(({ hits }) => hits),
  };
}

/** Hits, and the histograms of all parties: the record's row in its own, and in each other one a row whose only hit is with it. */
function everythingOf(round: RoundDescriptor, isThere: boolean): Round {
  const hits = hitsOf(round, isThere);
  const scale = 4 / valueOf(histogramEpsilon(round));
  const histograms = round.parties.map(({ id }, at) => {
    const row = {
      counterpartCount: at === 0 ? round.pairings.length : 1,
      category: "suspect",
      riskIndicators: ["armed", "violent"],
    };
    const rows = Array.from({ length: OTHER_HITS + Number(isThere) }, () => row);
    return { id, histogram: histogramOf(rows, round.categories) };
  });
  const counts = histograms.flatMap(({ histogram }) => figuresOf(histogram));
  return {
    counts: [...hits.counts, ...counts],
    scales: [...hits.scales, ...counts.map(() => scale)],
    publish: () => [
      ...hits.publish(),
      ...histograms.flatMap(({ id, histogram }) => figuresOf(releaseHistogram(round, id, histogram, randomFillSync))),
    ],
  };
}

/** Names in one order, whether exact or published. */
function figuresOf<Value extends Seen>(figures: {
  readonly [Part in keyof Histogram]: Readonly<Record<string, Value>>;
}): Value[] {
  return [figures.counterparts, figures.categories, figures.riskIndicators].flatMap((part) =>
    Object.keys(part)
      .sort()
      .map((name) => part[name] as Value),
  );
}

/** Figures of two releases subtracted, to see what one record changed; and a count that stays, averaged over all of a year. */
function* fromDifferences(round: RoundDescriptor, trials: number): Iterable<Finding> {
  const [one, other] = [hitsOf(round, true), hitsOf(round, false)];
  const { errorBar } = releaseHits(round, [], randomFillSync);
  const change = (one.counts[0] as number) - (other.counts[0] as number);
  const measure = "stated error over the attacker's, at 95 %";
  const error = (estimate: () => number): number => Math.max(1, errorOf(Array.from({ length: trials }, estimate)));
  const firstOf = ({ publish }: Round): number => publish()[0] ?? 0;
  yield {
    variant: "two releases subtracted",
    against: "ours",
    measure,
    figure: errorBar / error(() => firstOf(one) - firstOf(other) - change),
    most: 1,
    also: { errorBar, trials },
  };
  yield {
    variant: `${MOST_RELEASES_OF_HITS} releases of the same hits averaged`,
    against: "ours",
    measure,
    figure:
      errorBar /
      error(() => {
        const sum = Array.from({ length: MOST_RELEASES_OF_HITS }, () => firstOf(one)).reduce((a, b) => a + b);
        return sum / MOST_RELEASES_OF_HITS - (one.counts[0] as number);
      }),
    also: { errorBar, trials },
  };
  yield {
    variant: "two exact releases subtracted",
    against: "control",
    measure,
    figure: errorBar / error(() => (one.counts[0] as number) - (other.counts[0] as number) - change),
    above: 1,
  };
}

function valueOf({ numerator, denominator }: Rational): number {
  return Number(numerator) / Number(denominator);
}
