/**
 * The oracle in the clear: what a party would find if both lists lay side by side. The yardstick of what blindness costs.
 * In: two lists of person records, and for the fit their true pairs. Out: pairs with weight, probability and band, by threshold alone.
 * Fellegi & Sunter (1969) in the form of Christen (2012), "Data Matching", ch. 4–6; never fitted on what it is measured on.
 */
import { z } from "zod";
import type { PersonRecord } from "#engine/encode/person.ts";
import { bandOf, type Band } from "#engine/match/band.ts";
import { probabilityOf } from "#engine/match/prior.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { forBlockedPairs } from "./blocking.ts";
import { comparandLists, type Comparand } from "./comparand.ts";
import { pairComparer } from "./comparison.ts";
import { FeatureRow, FEATURES } from "./features.ts";
import { fitWeightedLogistic, Observations } from "./regression.ts";

/** Bits of each feature by name. */
export const OracleModel = z.strictObject({
  format: z.literal("aquila/oracle/v1"),
  bits: z.record(z.string().max(100), z.number().min(-100).max(100)),
});
export type OracleModel = z.infer<typeof OracleModel>;

export type LabelledLists = {
  readonly listA: readonly PersonRecord[];
  readonly listB: readonly PersonRecord[];
  /** True pairs as `refA NUL refB`. */
  readonly truth: ReadonlySet<string>;
};

export type OraclePair = {
  readonly refA: string;
  readonly refB: string;
  readonly weightBits: number;
  readonly probability: number;
  readonly band: Band;
};

const LEVEL_RIDGE = 0.5;
const CELL_RIDGE = 2;
/** Pairs that are presumed less likely than this are sampled; the others are all fitted on. */
const CERTAIN_NOT_BITS = -14;
const SAMPLED_SHARE = 1 / 64;

/** Same samples, same model. */
export function fitOracle(samples: readonly LabelledLists[]): OracleModel {
  const presumedBits = FEATURES.map((feature) => feature.presumedBits);
  const presumed = Float64Array.from(presumedBits);
  const observations = new Observations();
  const row = new FeatureRow();
  for (const { listA, listB, truth } of samples) {
    const lists = comparandLists(listA, listB);
    const compare = pairComparer(lists);
    const priorBits = Math.log2(truth.size / (listA.length * listB.length));
    forBlockedPairs(lists, (a, b) => {
      const one = lists.listA[a] as Comparand;
      const other = lists.listB[b] as Comparand;
      compare(one, other, row);
      const same = truth.has(pairName(one.ref, other.ref));
      const isKept = same || row.weightBits(presumed) + priorBits >= CERTAIN_NOT_BITS;
      if (isKept) observations.add(row, priorBits, same, 1);
      else if (isSampled(a, b)) observations.add(row, priorBits, same, 1 / SAMPLED_SHARE);
    });
  }
  const ridges = FEATURES.map(({ isCell }) => (isCell ? CELL_RIDGE : LEVEL_RIDGE));
  const bits = fitWeightedLogistic(observations, presumedBits, ridges);
  return {
    format: "aquila/oracle/v1",
    bits: Object.fromEntries(FEATURES.map(({ name }, column) => [name, roundBits(bits[column] as number)])),
  };
}

/** Pairs less likely than this are not listed. */
const MIN_LISTED_PROBABILITY = 1e-4;

/**
 * @returns Pairs in order of list a's records, without those of next to no probability; `blockedPairs` were compared, and
 *   `priorBits`, the log2 prior odds, estimated on these lists without any label.
 */
export function linkInTheClear(
  model: OracleModel,
  listA: readonly PersonRecord[],
  listB: readonly PersonRecord[],
): { pairs: OraclePair[]; blockedPairs: number; priorBits: number } {
  const coefficients = coefficientsOf(model);
  const lists = comparandLists(listA, listB);
  const compare = pairComparer(lists);
  const row = new FeatureRow();
  const placesA: number[] = [];
  const placesB: number[] = [];
  const weights: number[] = [];
  const floorBits = Math.log2(Math.max(listA.length, listB.length, 1)) - NEGLIGIBLE_BITS;
  const blockedPairs = forBlockedPairs(lists, (a, b) => {
    compare(lists.listA[a] as Comparand, lists.listB[b] as Comparand, row);
    const weightBits = row.weightBits(coefficients);
    if (weightBits < floorBits) return;
    placesA.push(a);
    placesB.push(b);
    weights.push(weightBits);
  });
  const priorBits = estimatePriorBits(weights, listA.length, listB.length);
  const pairs = weights.flatMap((weightBits, at): OraclePair[] => {
    const probability = probabilityOf(weightBits, priorBits);
    if (probability < MIN_LISTED_PROBABILITY) return [];
    const refA = (lists.listA[placesA[at] as number] as Comparand).ref;
    const refB = (lists.listB[placesB[at] as number] as Comparand).ref;
    return [{ refA, refB, weightBits, probability, band: bandOf(SHIPPED_PROFILE, probability) }];
  });
  return { pairs, blockedPairs, priorBits };
}

/** Bits below even odds, with one true pair for each record presumed, from which on a pair counts for nothing. */
const NEGLIGIBLE_BITS = 40;
const PRIOR_STEPS = 100;
const CONVERGED = 1e-9;
const START_SHARE = 0.1;
const MIN_SHARE = 1e-4;

/** log2 prior odds of two records drawn at random, by expectation–maximisation with the weights held fixed. */
function estimatePriorBits(weights: readonly number[], countA: number, countB: number): number {
  const smaller = Math.max(1, Math.min(countA, countB));
  const bitsOf = (share: number): number => Math.log2(share / Math.max(1, countA, countB));
  let share = START_SHARE;
  for (let step = 0; step < PRIOR_STEPS; step++) {
    const priorBits = bitsOf(share);
    const expected = weights.reduce((sum, weight) => sum + probabilityOf(weight, priorBits), 0);
    const updated = Math.min(1, Math.max(MIN_SHARE, expected / smaller));
    const change = Math.abs(updated - share);
    share = updated;
    if (change < CONVERGED) break;
  }
  return bitsOf(share);
}

function coefficientsOf(model: OracleModel): Float64Array {
  return Float64Array.from(FEATURES, ({ name }) => {
    const bits = model.bits[name];
    if (bits === undefined) throw new RangeError(`the model lacks ${name}`);
    return bits;
  });
}

/** A fixed choice of about SAMPLED_SHARE of all pairs. */
function isSampled(a: number, b: number): boolean {
  const mixed = Math.imul(Math.imul(a + 1, 0x9e3779b1) ^ (b + 1), 0x85ebca6b);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32 < SAMPLED_SHARE;
}

function pairName(one: string, other: string): string {
  return `${one}\u0000${other}`;
}

function roundBits(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
