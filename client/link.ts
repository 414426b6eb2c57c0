/**
 * A whole round between two lists in one process, under a random key.
 * In: two encoded lists. Out: every candidate pair with its score, as the secretariat would find it.
 */
import { randomBytes, randomFillSync } from "node:crypto";
import { readBatch, type Batch } from "#engine/batch/read.ts";
import { sizeClassOf } from "#engine/batch/size-class.ts";
import { encodeBatch, type Pairing } from "#engine/encode/encode-batch.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { countBridgingRows, type RulePairs } from "#engine/match/candidates.ts";
import { forecastCoincidences, type Forecast } from "#engine/match/forecast.ts";
import { joinColumns } from "#engine/match/join.ts";
import { scoredPair, scorePairing, type ScoredPairs } from "#engine/match/score.ts";
import { profileDigest } from "#engine/profile.ts";
import type { Band } from "#engine/match/band.ts";

/** One candidate pair of references. */
export type LinkedPair = {
  readonly refA: string;
  readonly refB: string;
  readonly weightBits: number;
  readonly probability: number;
  readonly band: Band;
  readonly pattern: number;
};

export type LinkResult = {
  /** Highest weight first, ties by reference. */
  readonly pairs: readonly LinkedPair[];
  /** Rows of both lists that touch a row which touches another row. */
  readonly bridgingRows: number;
  /** Rows of both lists, padding left out. */
  readonly rows: number;
  readonly prior: ScoredPairs["prior"];
  /** Expected pairs of different persons by band, from sizes and profile alone. */
  readonly forecast: Forecast;
};

/** Encodes both lists for each other, matches the batches as the blind engine does and opens the result. */
export function linkLists(listA: EncodedList, listB: EncodedList): LinkResult {
  const { profile } = listA;
  const { a, b, parts } = joinLists(listA, listB);
  const scored = scorePairing(profile, parts, a.batch, b.batch);
  const pairs: LinkedPair[] = [];
  for (let at = 0; at < scored.weightBits.length; at++) {
    const { rowA, rowB, ...score } = scoredPair(profile, scored, at);
    for (const refA of refsOf(a, rowA)) {
      for (const refB of refsOf(b, rowB)) pairs.push({ refA, refB, ...score });
    }
  }
  return {
    pairs: pairs.sort(byWeight),
    bridgingRows: countBridgingRows(scored.pairs, a.batch.rowCount, b.batch.rowCount),
    rows: listA.rows.length + listB.rows.length,
    prior: scored.prior,
    forecast: forecastCoincidences(profile, a.batch.rowCount, b.batch.rowCount),
  };
}

/** Two lists' batches under a fresh key, and what the blind engine joins of them, rule by rule. */
export type JoinedLists = { readonly a: OpenBatch; readonly b: OpenBatch; readonly parts: readonly RulePairs[] };

/** Encodes both lists for each other and joins the batches. */
export function joinLists(listA: EncodedList, listB: EncodedList): JoinedLists {
  const { profile } = listA;
  const keyTag = randomBytes(32);
  const name = {
    round: "link",
    t1: text(randomBytes(32)),
    keyId: text(randomBytes(16)),
    keyTag,
    provenanceSeed: randomBytes(32),
  };
  const rowCountA = sizeClassOf(listA.rows.length);
  const rowCountB = sizeClassOf(listB.rows.length);
  const a = openBatch(listA, { ...name, from: "LA", to: "LB", rowCount: rowCountA, counterpartRowCount: rowCountB });
  const b = openBatch(listB, { ...name, from: "LB", to: "LA", rowCount: rowCountB, counterpartRowCount: rowCountA });

  const parts = profile.rules.map((_, rule) => {
    const [columnA, columnB] = [a.batch.columns[rule], b.batch.columns[rule]];
    if (columnA === undefined || columnB === undefined) throw new RangeError(`no column for rule ${rule}`);
    return { rule, pairs: joinColumns(columnA, columnB) };
  });
  return { a, b, parts };
}

/** A batch as its counterpart reads it, and the list's row, plus one, at each of its rows; 0 is a filler row. */
export type OpenBatch = { readonly batch: Batch; readonly list: EncodedList; readonly rowAt: Uint32Array };

function openBatch(list: EncodedList, pairing: Pairing): OpenBatch {
  const encoded = encodeBatch(list, pairing, randomFillSync);
  const bytes = new Uint8Array(Buffer.concat([...encoded.pieces]));
  const expected = { ...pairing, profile: profileDigest(list.profile) };
  const rowAt = new Uint32Array(pairing.rowCount);
  encoded.place.forEach((place, row) => {
    rowAt[place] = row + 1;
  });
  return { batch: readBatch(bytes, list.profile, expected), list, rowAt };
}

function refsOf({ list, rowAt }: OpenBatch, row: number): readonly string[] {
  const found = rowAt[row] ?? 0;
  if (found === 0) throw new RangeError("a filler row agreed with another row");
  return list.rows.at(found - 1).refs;
}

function byWeight(one: LinkedPair, other: LinkedPair): number {
  if (one.weightBits !== other.weightBits) return other.weightBits - one.weightBits;
  return compareText(one.refA, other.refA) || compareText(one.refB, other.refB);
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
