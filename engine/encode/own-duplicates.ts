/**
 * A list's own duplicates: the list linked to itself in the clear; pairs likely enough to be one person become one row.
 * Without this the uniqueness rule would silence exactly the persons that a party holds twice.
 */
import { foldPairs } from "../match/candidates.ts";
import { countWeights, estimatePrior, probabilityOf } from "../match/prior.ts";
import { informationThreshold, matchWeights } from "../match/weight.ts";
import type { Profile } from "../profile.ts";
import { carriersOf } from "./between.ts";
import type { CellColumn, CellStore } from "./cell-store.ts";
import { classOf } from "./coverage.ts";
import { forEqualCells } from "./uniqueness.ts";

export type OwnDuplicates = {
  /** Record → row. */
  readonly rowOf: Uint32Array;
  readonly rowCount: number;
  /** Pairs of records left apart that share keys, most rules first. */
  readonly silencing: readonly { readonly recordA: number; readonly recordB: number; readonly ruleCount: number }[];
};

/** A key shared by more records than this is no sign of one person. */
const MAX_GROUP = 20;
const MIN_SILENCING_RULES = 2;
/** Room for the first pairs of a rule, numbers; more than one group can make. */
const FIRST_PAIRS = 4096;
/**
 * Two records at least as likely to be one person become one row. Lower than *high*: a pair left apart is found by nobody, a
 * pair joined in error shows its owner two of its own records. docs/spec/encoding.md has the figures.
 */
const MERGE_PROBABILITY = 0.8;
/** A list's n records make n²/2 pairs, half of those that two lists of n make: the prior odds of each are twice as high. */
const OWN_LIST_BITS = 1;

/**
 * @param cells - All cells of the list; owners are records.
 * @param coverage - Bits of the coverage facts of each record.
 */
export function ownDuplicates(profile: Profile, cells: CellStore, coverage: Uint8Array): OwnDuplicates {
  const recordCount = coverage.length;
  const classes = coverage.map((bits) => classOf(profile, bits));
  const thresholdBits = informationThreshold(profile, Math.max(recordCount, 1));
  const pairs = foldPairs(
    profile.rules.map((rule, index) => {
      const { meet } = carriersOf(rule);
      const mayMeet = (one: number, other: number): boolean => meet(coverage[one] as number, coverage[other] as number);
      return { rule: index, pairs: sharedKeys(cells.read(index), thresholdBits, mayMeet) };
    }),
    0,
    recordCount,
  );
  const weights = matchWeights({ profile, thresholdBits }, pairs, classes, classes);
  const prior = estimatePrior(profile, countWeights(weights), recordCount, recordCount);
  const parent = Uint32Array.from({ length: recordCount }, (_, record) => record);
  const silencing: { recordA: number; recordB: number; ruleCount: number }[] = [];
  weights.forEach((weight, at) => {
    const recordA = pairs.rowA[at] as number;
    const recordB = pairs.rowB[at] as number;
    if (probabilityOf(weight, prior.logOddsBits + OWN_LIST_BITS) >= MERGE_PROBABILITY) {
      const [low, high] = [rootOf(parent, recordA), rootOf(parent, recordB)].sort((one, other) => one - other);
      if (low !== undefined && high !== undefined) parent[high] = low;
      return;
    }
    const ruleCount = countBits(pairs.pattern[at] as number);
    if (ruleCount >= MIN_SILENCING_RULES) silencing.push({ recordA, recordB, ruleCount });
  });
  const rowOf = new Uint32Array(recordCount);
  let rowCount = 0;
  for (let record = 0; record < recordCount; record++) {
    const root = rootOf(parent, record);
    rowOf[record] = root === record ? rowCount++ : (rowOf[root] as number);
  }
  const apart = silencing.filter(({ recordA, recordB }) => rowOf[recordA] !== rowOf[recordB]);
  apart.sort(
    (one, other) => other.ruleCount - one.ruleCount || one.recordA - other.recordA || one.recordB - other.recordB,
  );
  return { rowOf, rowCount, silencing: apart };
}

/** Pairs of records, lower first, that share a telling key of one rule; without garbage, since there are millions of keys. */
function sharedKeys(
  column: CellColumn,
  thresholdBits: number,
  mayMeet: (one: number, other: number) => boolean,
): Uint32Array {
  const { owner, bits } = column;
  let pairs = new Uint32Array(FIRST_PAIRS);
  let length = 0;
  const holders = new Uint32Array(MAX_GROUP);
  forEqualCells(column, (order, start, end) => {
    if (end - start < 2) return;
    let count = 0;
    for (let at = start; at < end; at++) {
      const position = order[at] as number;
      if ((bits[position] as number) < thresholdBits) continue;
      const holder = owner[position] as number;
      if (isAmong(holders, count, holder)) continue;
      if (count === MAX_GROUP) return;
      holders[count++] = holder;
    }
    if (length + count * (count - 1) > pairs.length) pairs = doubled(pairs);
    for (let at = 0; at < count; at++) {
      const one = holders[at] as number;
      for (let after = at + 1; after < count; after++) {
        const other = holders[after] as number;
        if (!mayMeet(one, other)) continue;
        pairs[length++] = Math.min(one, other);
        pairs[length++] = Math.max(one, other);
      }
    }
  });
  return pairs.slice(0, length);
}

function isAmong(values: Uint32Array, count: number, wanted: number): boolean {
  for (let at = 0; at < count; at++) if (values[at] === wanted) return true;
  return false;
}

function doubled(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * values.length);
  larger.set(values);
  return larger;
}

function rootOf(parent: Uint32Array, record: number): number {
  let root = record;
  while (parent[root] !== root) root = parent[root] as number;
  for (let at = record; parent[at] !== root;) {
    const next = parent[at] as number;
    parent[at] = root;
    at = next;
  }
  return root;
}

function countBits(pattern: number): number {
  let count = 0;
  for (let rest = pattern; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}
