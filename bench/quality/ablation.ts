/**
 * What each rule is worth: the same pairs without its bit, weighed anew with the shipped weights.
 * The weights are not refitted and the own duplicates stay merged, so a rule that others could replace looks a little dearer than it is.
 */
import { countBridgingRows } from "#engine/match/candidates.ts";
import { countWeights, estimatePrior, probabilityOf } from "#engine/match/prior.ts";
import { informationThreshold, matchWeights } from "#engine/match/weight.ts";
import { bandOf } from "#engine/match/band.ts";
import type { Profile } from "#engine/profile.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import type { BlindJudged, Judged } from "./blind.ts";

/** A result without one rule, with the share of rows that bridge. */
export type Ablated = Judged & { readonly bridgingRows: number; readonly rows: number };

/**
 * @param rule - Index in the profile; undefined drops none.
 * @throws Error if nothing is dropped and a weight differs from the one that the join gave.
 */
export function withoutRule(profile: Profile, result: BlindJudged, rule: number | undefined): Ablated {
  const kept = rule === undefined ? -1 : ~(1 << rule);
  const remaining = result.pairs
    .map((pair) => ({ pair, pattern: (pair.pattern & kept) >>> 0 }))
    .filter(({ pattern }) => pattern !== 0);
  const rowOfA = rowsOf(result.listA);
  const rowOfB = rowsOf(result.listB);
  const candidates = {
    rowA: Uint32Array.from(remaining, ({ pair }) => rowOfA.get(pair.refA) ?? 0),
    rowB: Uint32Array.from(remaining, ({ pair }) => rowOfB.get(pair.refB) ?? 0),
    pattern: Uint32Array.from(remaining, ({ pattern }) => pattern),
  };
  const [paddedA, paddedB] = result.paddedRows;
  const model = { profile, thresholdBits: informationThreshold(profile, Math.max(paddedA, paddedB)) };
  const weights = matchWeights(model, candidates, result.listA.classes, result.listB.classes).map(
    (bits) => Math.round(bits * 1e6) / 1e6,
  );
  // A merged row's pair stands once for each of its records; prior and bridging count rows.
  const firsts = [
    ...new Map(remaining.map((_, at) => [`${candidates.rowA[at] ?? 0} ${candidates.rowB[at] ?? 0}`, at])).values(),
  ];
  const pick = (values: Uint32Array): Uint32Array => Uint32Array.from(firsts, (at) => values[at] as number);
  const rowPairs = { rowA: pick(candidates.rowA), rowB: pick(candidates.rowB), pattern: pick(candidates.pattern) };
  const rowWeights = Float64Array.from(firsts, (at) => weights[at] as number);
  const prior = estimatePrior(profile, countWeights(rowWeights), paddedA, paddedB);
  const pairs = remaining.map(({ pair }, at) => {
    const weightBits = weights[at] as number;
    if (rule === undefined && weightBits !== pair.weightBits)
      throw new Error("quality: ablation without a rule dropped gives other weights than the join");
    const probability = probabilityOf(weightBits, prior.logOddsBits);
    return { ...pair, logOddsBits: weightBits + prior.logOddsBits, probability, band: bandOf(profile, probability) };
  });
  return {
    sample: result.sample,
    pairs,
    bridgingRows: countBridgingRows(rowPairs, result.listA.rows.length, result.listB.rows.length),
    rows: result.rows,
  };
}

function rowsOf(list: EncodedList): Map<string, number> {
  return new Map([...list.rows].flatMap(({ refs }, row) => refs.map((ref): [string, number] => [ref, row])));
}
