/**
 * The oracle in the clear on one sample, held against the truth: the yardstick beside the blind matcher.
 */
import { FITTED, labelledLists } from "../oracle/fitting-lists.ts";
import { fitOracle, linkInTheClear, type OracleModel } from "../oracle/oracle.ts";
import type { Scale } from "../measurement.ts";
import type { Judged } from "./blind.ts";
import { pairName, type Sample } from "./sample.ts";

/** Fitted on lists of its own, smaller and fewer at smoke size. */
export function oracleModel(scale: Scale): OracleModel {
  const options = scale === "smoke" ? FITTED.slice(2, 4).map((each) => ({ ...each, recordsPerParty: 300 })) : FITTED;
  return fitOracle(options.map(labelledLists));
}

/** A result in the clear, with the number of pairs that blocking let through. */
export type ClearJudged = Judged & { readonly comparedPairs: number };

/** Compares a sample's records field by field. */
export function linkClear(model: OracleModel, sample: Sample): ClearJudged {
  const { pairs, blockedPairs } = linkInTheClear(model, sample.listA, sample.listB);
  // Posteriors saturate near 1, so that the prior is read off the least certain pair.
  const least = pairs.reduce<(typeof pairs)[number] | undefined>(
    (held, pair) => (held === undefined || pair.probability < held.probability ? pair : held),
    undefined,
  );
  const priorBits = least === undefined ? 0 : Math.log2(least.probability / (1 - least.probability)) - least.weightBits;
  return {
    sample,
    pairs: pairs.map((pair) => ({
      ...pair,
      logOddsBits: pair.weightBits + priorBits,
      same: sample.truth.has(pairName(pair.refA, pair.refB)),
    })),
    comparedPairs: blockedPairs,
  };
}
