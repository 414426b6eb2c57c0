/**
 * Blocking: which pairs are worth comparing. A union of many loose blocks, so that next to no true pair is lost.
 * Christen (2012), "Data Matching", ch. 4.
 */
import { foldEnds } from "#engine/encode/names/edits.ts";
import type { Comparand, ComparandLists } from "./comparand.ts";
import { bigramBands, deletionNeighbours } from "./edits.ts";

const BAND_COUNT = 6;
const END_LENGTH = 4;

/** Lists with no more pairs than this are compared whole. */
const MAX_WHOLE_PAIRS = 2 ** 18;

/** Which of the two lists a record is in. */
type Side = "a" | "b";

/** Names of the blocks that a record is in; pairs across the lists that share one are compared. */
function blocksOf(record: Comparand, { tokens }: ComparandLists, side: Side): Set<string> {
  const blocks = new Set<string>();
  const numbers = new Set(record.names.flatMap(({ family, given }) => [...family, ...given]));
  for (const number of [...numbers, ...record.patronymics]) {
    const token = tokens[number];
    if (token === undefined || token.isInitial) continue;
    blocks.add(`skeleton ${token.skeleton}`);
    blocks.add(`root ${token.root}`);
    for (const band of bigramBands(token.fold, BAND_COUNT)) blocks.add(`band ${band}`);
    for (const end of foldEnds(token.fold, END_LENGTH)) blocks.add(`end ${end}`);
    for (const neighbour of deletionNeighbours(token.fold)) blocks.add(`letters ${neighbour}`);
  }
  for (const { year, month, day } of record.birthDates.dates) {
    blocks.add(`year ${year}`);
    if (month !== undefined && day !== undefined) blocks.add(`day ${Math.min(month, day)} ${Math.max(month, day)}`);
  }
  for (const number of record.documents)
    for (const neighbour of deletionNeighbours(number)) blocks.add(`document ${neighbour}`);
  for (const number of record.phones) blocks.add(`phone ${number}`);
  for (const id of record.onlineIds) blocks.add(`online ${id}`);
  for (const place of record.birthPlaces) blocks.add(`place ${place}`);
  addInitials(record, tokens, side, blocks);
  return blocks;
}

/**
 * Records without a date of birth meet those of the other list with the same initials; if part of the name is unknown
 * too, those with one of them.
 */
function addInitials(record: Comparand, tokens: ComparandLists["tokens"], side: Side, blocks: Set<string>): void {
  const other = side === "a" ? "b" : "a";
  const isUndated = record.birthDates.dates.length === 0;
  const isThin = hasUnknownPart(record, tokens);
  if (isThin) blocks.add("thin");
  for (const { family, given } of record.names) {
    const initials = [...family, ...given].map((number) => tokens[number]?.initial ?? "");
    for (const [at, first] of initials.entries()) {
      blocks.add(`thin in ${other} ${first}`);
      if (isUndated && isThin) blocks.add(`thin in ${side} ${first}`);
      for (const second of initials.slice(at + 1)) {
        const both = first < second ? first + second : second + first;
        blocks.add(`undated in ${other} ${both}`);
        if (isUndated) blocks.add(`undated in ${side} ${both}`);
      }
    }
  }
}

function hasUnknownPart({ names }: Comparand, tokens: ComparandLists["tokens"]): boolean {
  const isWhole = (number: number): boolean => tokens[number]?.isInitial === false;
  const [own] = names;
  return own === undefined || !own.family.some(isWhole) || !own.given.some(isWhole);
}

/**
 * Visits every pair that shares a block once, or every pair of short lists; records of list a in order.
 *
 * @param visit - Given the places of both records in their lists.
 * @returns How many pairs were visited.
 */
export function forBlockedPairs(lists: ComparandLists, visit: (a: number, b: number) => void): number {
  if (lists.listA.length * lists.listB.length <= MAX_WHOLE_PAIRS) {
    lists.listA.forEach((_, a) => {
      lists.listB.forEach((_, b) => {
        visit(a, b);
      });
    });
    return lists.listA.length * lists.listB.length;
  }
  const members = new Map<string, number[]>();
  lists.listB.forEach((record, b) => {
    for (const block of blocksOf(record, lists, "b")) {
      const known = members.get(block);
      if (known === undefined) members.set(block, [b]);
      else known.push(b);
    }
  });
  const lastVisitor = new Int32Array(lists.listB.length).fill(-1);
  let count = 0;
  lists.listA.forEach((record, a) => {
    for (const block of blocksOf(record, lists, "a")) {
      for (const b of members.get(block) ?? []) {
        if (lastVisitor[b] === a) continue;
        lastVisitor[b] = a;
        count++;
        visit(a, b);
      }
    }
  });
  return count;
}
