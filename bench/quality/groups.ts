/**
 * Whether anybody is found less, or accused more, for a language or a script.
 * In: one matcher's results and a threshold. Out: recall and false hits of each group beside those of all.
 */
import type { PersonRecord } from "#engine/encode/person.ts";
import type { Judged } from "./blind.ts";
import { pairRefs } from "./sample.ts";
import { languageOf, scriptOf, scriptPair } from "./writing.ts";

export type GroupFigures = {
  readonly group: string;
  readonly truePairs: number;
  readonly recall: number;
  readonly recallStandardError: number;
  readonly accusedRecords: number;
  /** Records of the group; for a pair of scripts, all records times the pair's share of all pairs of records. */
  readonly records: number;
  readonly falseHitsPer1000: number;
};

export type GroupCheck = {
  readonly overallRecall: number;
  readonly overallFalseHitsPer1000: number;
  readonly lowest: string;
  readonly lowestRecall: number;
  /** Lowest recall ≥ overall − .05. */
  readonly recallHolds: boolean;
  /** The same, two standard errors of the lowest group granted. */
  readonly recallHoldsWithinError: boolean;
  readonly mostAccused: string;
  /** Its rate of false hits over the overall one; 2 at most is wanted. */
  readonly mostAccusedRatio: number;
  readonly falseHitsHold: boolean;
};

const RECALL_GAP = 0.05;
const ACCUSED_RATIO = 2;
/** Groups of fewer true pairs, or of fewer false hits to expect, show chance rather than spelling. */
const MIN_TRUE_PAIRS = 20;
const MIN_EXPECTED_FALSE_HITS = 5;

type Counts = { truePairs: number; found: number; accusedRecords: number; records: number };

/**
 * By language: true pairs by that of the true person, false hits and records by the nationality that the record states.
 *
 * @param thresholdBits - Pairs of at least these log-odds are hits.
 */
export function byLanguage(results: readonly Judged[], thresholdBits: number): GroupFigures[] {
  const counts = new Map<string, Counts>();
  for (const { sample, pairs } of results) {
    const hits = pairs.filter(({ logOddsBits }) => logOddsBits >= thresholdBits);
    const found = new Set(hits.filter(({ same }) => same).map(({ refA, refB }) => `${refA}\u0000${refB}`));
    for (const name of sample.truth) {
      const count = countsOf(counts, languageOf(sample.homes.get(name) ?? ""));
      count.truePairs++;
      count.found += Number(found.has(name));
    }
    const languages = new Map(
      [...sample.listA, ...sample.listB].map((record) => [record.rec_id, statedLanguage(record)] as const),
    );
    for (const language of languages.values()) countsOf(counts, language).records++;
    for (const { refA, refB, same } of hits) {
      if (same) continue;
      for (const ref of [refA, refB]) countsOf(counts, languages.get(ref) ?? "unknown").accusedRecords++;
    }
  }
  return figuresOf(counts);
}

/** By the scripts of the two records' names. */
export function byScripts(results: readonly Judged[], thresholdBits: number): GroupFigures[] {
  const counts = new Map<string, Counts>();
  for (const { sample, pairs } of results) {
    const { listA, listB } = sample;
    const scripts = new Map([...listA, ...listB].map((record) => [record.rec_id, scriptOf(record)] as const));
    const pairOf = (refA: string, refB: string): Counts =>
      countsOf(counts, scriptPair(scripts.get(refA) ?? "none", scripts.get(refB) ?? "none"));
    for (const name of sample.truth) pairOf(...pairRefs(name)).truePairs++;
    for (const { refA, refB, same, logOddsBits } of pairs) {
      if (logOddsBits < thresholdBits) continue;
      const count = pairOf(refA, refB);
      if (same) count.found++;
      else count.accusedRecords += 2;
    }
    const inA = [...Map.groupBy(listA, scriptOf)];
    const inB = [...Map.groupBy(listB, scriptOf)];
    for (const [scriptA, a] of inA) {
      for (const [scriptB, b] of inB) {
        const share = (a.length * b.length) / (listA.length * listB.length);
        countsOf(counts, scriptPair(scriptA, scriptB)).records += share * (listA.length + listB.length);
      }
    }
  }
  return figuresOf(counts);
}

/** @param groups - Of one kind; `unknown` and groups too small to say are left out of the check. */
export function checkGroups(groups: readonly GroupFigures[]): GroupCheck {
  const sum = (value: (group: GroupFigures) => number): number =>
    groups.reduce((total, group) => total + value(group), 0);
  const overallRecall = sum(({ recall, truePairs }) => recall * truePairs) / sum(({ truePairs }) => truePairs);
  const overallFalseHitsPer1000 = (1000 * sum(({ accusedRecords }) => accusedRecords)) / sum(({ records }) => records);
  const named = groups.filter(({ group }) => group !== "unknown");
  const lowest = named
    .filter(({ truePairs }) => truePairs >= MIN_TRUE_PAIRS)
    .toSorted((one, other) => one.recall - other.recall)[0];
  const accused = named
    .filter(({ records }) => (records * overallFalseHitsPer1000) / 1000 >= MIN_EXPECTED_FALSE_HITS)
    .toSorted((one, other) => other.falseHitsPer1000 - one.falseHitsPer1000)[0];
  const lowestRecall = lowest?.recall ?? overallRecall;
  const floor = overallRecall - RECALL_GAP;
  const mostAccusedRatio = accused === undefined ? 1 : accused.falseHitsPer1000 / overallFalseHitsPer1000;
  return {
    overallRecall,
    overallFalseHitsPer1000,
    lowest: lowest?.group ?? "none",
    lowestRecall,
    recallHolds: lowestRecall >= floor,
    recallHoldsWithinError: lowestRecall + 2 * (lowest?.recallStandardError ?? 0) >= floor,
    mostAccused: accused?.group ?? "none",
    mostAccusedRatio,
    falseHitsHold: mostAccusedRatio <= ACCUSED_RATIO,
  };
}

function statedLanguage({ nationality, nationalities }: PersonRecord): string {
  return languageOf(nationality || (nationalities[0] ?? ""));
}

function countsOf(counts: Map<string, Counts>, group: string): Counts {
  const count = counts.get(group) ?? { truePairs: 0, found: 0, accusedRecords: 0, records: 0 };
  counts.set(group, count);
  return count;
}

/** A false hit accuses two records. */
function figuresOf(counts: ReadonlyMap<string, Counts>): GroupFigures[] {
  return [...counts]
    .map(([group, { truePairs, found, accusedRecords, records }]) => {
      const recall = truePairs === 0 ? 0 : found / truePairs;
      return {
        group,
        truePairs,
        recall,
        recallStandardError: truePairs === 0 ? 0 : Math.sqrt((recall * (1 - recall)) / truePairs),
        accusedRecords,
        records,
        falseHitsPer1000: records === 0 ? 0 : (1000 * accusedRecords) / records,
      };
    })
    .sort((one, other) => (one.group < other.group ? -1 : 1));
}
