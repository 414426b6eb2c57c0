/**
 * Figures of one matcher on one data set, its samples pooled by the odds of each pair.
 * Precision, recall, F1 as `aquila evaluate` has them; the whole curve for the picture.
 */
import { createHash } from "node:crypto";
import { BANDS } from "#engine/match/band.ts";
import { evaluate, type Evaluation } from "#client/evaluation.ts";
import type { JudgedPair } from "./blind.ts";
import { pairRefs, type KnownTruth } from "./sample.ts";

/** Pairs and what they are held against; the lists themselves are not needed. */
type JudgedPairs = { readonly sample: KnownTruth; readonly pairs: readonly JudgedPair[] };

/** Pairs of one band. */
export type BandFigures = {
  readonly pairs: number;
  readonly truePairs: number;
  readonly precision: number;
  readonly meanPosterior: number;
};

export type PooledFigures = Evaluation & {
  readonly bandFigures: Readonly<Record<string, BandFigures>>;
  /** Recall and precision at falling thresholds. */
  readonly curve: readonly (readonly [recall: number, precision: number])[];
};

/** @param results - One matcher's, all of one data set. */
export function pooledFigures(results: readonly JudgedPairs[]): PooledFigures {
  const pairs = results.flatMap((result, at) =>
    result.pairs.map(({ refA, refB, logOddsBits, band }) => ({
      refA: `${at} ${refA}`,
      refB: `${at} ${refB}`,
      weightBits: logOddsBits,
      band,
    })),
  );
  const truth = results.flatMap(({ sample }, at) =>
    [...sample.truth].map((name): [string, string] => {
      const [refA, refB] = pairRefs(name);
      return [`${at} ${refA}`, `${at} ${refB}`];
    }),
  );
  const judged = results.flatMap((result) => result.pairs);
  return { ...evaluate(pairs, truth), bandFigures: bandFigures(judged), curve: precisionRecall(judged, truth.length) };
}

/** Bands from most to least certain, those without a pair left out. */
export function bandFigures(pairs: readonly JudgedPair[]): Record<string, BandFigures> {
  const byBand = Map.groupBy(pairs, ({ band }) => band);
  return Object.fromEntries(
    BANDS.flatMap((band) => {
      const inBand = byBand.get(band);
      if (inBand === undefined) return [];
      const truePairs = inBand.filter(({ same }) => same).length;
      const meanPosterior = inBand.reduce((sum, { probability }) => sum + probability, 0) / inBand.length;
      return [[band, { pairs: inBand.length, truePairs, precision: truePairs / inBand.length, meanPosterior }]];
    }),
  );
}

/** One point for each distinct odds, highest first. */
export function precisionRecall(
  pairs: readonly Pick<JudgedPair, "logOddsBits" | "same">[],
  truePairs: number,
): [recall: number, precision: number][] {
  const ordered = pairs.toSorted((one, other) => other.logOddsBits - one.logOddsBits);
  const points: [number, number][] = [];
  let found = 0;
  ordered.forEach((pair, at) => {
    found += Number(pair.same);
    if (ordered[at + 1]?.logOddsBits !== pair.logOddsBits) points.push([found / truePairs, found / (at + 1)]);
  });
  return points;
}

/** 16 hexadecimal digits over every pair with its odds to six decimals and its band. */
export function pairsChecksum(results: readonly JudgedPairs[]): string {
  const hash = createHash("sha256");
  for (const { sample, pairs } of results) {
    const lines = pairs.map(
      ({ refA, refB, logOddsBits, band }) => `${refA}\u0000${refB}\u0000${logOddsBits.toFixed(6)}\u0000${band}`,
    );
    hash.update(`${sample.name}\n${lines.sort().join("\n")}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}
