/**
 * What the secretariat can compute of a pairing: the graph of rows joined by agreeing rules, with their classes, before any
 * threshold; and whom the rows stand for, which it does not know.
 */
import { joinLists, type OpenBatch } from "#client/link.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { foldPairs, type CandidatePairs, type RulePairs } from "#engine/match/candidates.ts";
import { informationThreshold } from "#engine/match/weight.ts";

export type PairingView = {
  readonly a: OpenBatch;
  readonly b: OpenBatch;
  /** Rows whose keys are equal, rule by rule, once for each key. */
  readonly parts: readonly RulePairs[];
  /** Rows that agree on a rule or more, and the rules as bits. */
  readonly pairs: CandidatePairs;
};

/** A pairing of two lists under a fresh key, as the secretariat joins it. */
export function viewPairing(listA: EncodedList, listB: EncodedList): PairingView {
  const { a, b, parts } = joinLists(listA, listB);
  return { a, b, parts, pairs: foldPairs(parts, 0, a.batch.rowCount) };
}

/** @returns Row of the party's list that a row of its batch stands for; −1 for a filler row. */
export function listRowOf({ rowAt }: OpenBatch, row: number): number {
  return (rowAt[row] ?? 0) - 1;
}

/** @returns Bits that a cell carries if it travels in the pairing; sizes and profile are public. */
export function thresholdOf({ a, b }: PairingView): number {
  return informationThreshold(a.list.profile, Math.max(a.batch.rowCount, b.batch.rowCount));
}
