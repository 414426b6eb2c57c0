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

/** Pairs of records, lower first, that share a telling key of one rule. */
function sharedKeys(
  column: CellColumn,
  thresholdBits: number,
  mayMeet: (one: number, other: number) => boolean,
): Uint32Array {
  const pairs: number[] = [];
  forEqualCells(column, (order, start, end) => {
    if (end - start < 2) return;
    const telling = order.subarray(start, end).filter((position) => (column.bits[position] as number) >= thresholdBits);
    const owners = [...new Set(telling.map((position) => column.owner[position] as number))];
    if (owners.length > MAX_GROUP) return;
    owners.forEach((one, at) => {
      for (const other of owners.slice(at + 1))
        if (mayMeet(one, other)) pairs.push(Math.min(one, other), Math.max(one, other));
    });
  });
  return Uint32Array.from(pairs);
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
