/**
 * Comparison of two records' names: the best alignment over own names and aliases, in order or swapped.
 */
import type { ComparandLists, ComparandName } from "./comparand.ts";
import { cachedComparison, similarity } from "./similarity.ts";

/** Levels of two tokens, from best to worst; `MISSING` when either side has none. */
export const TOKEN_LEVELS = ["exact", "root", "skeleton", "close", "near", "initial", "far"] as const;
export const MISSING = TOKEN_LEVELS.length;
const [EXACT, ROOT, SKELETON, CLOSE, NEAR, INITIAL, FAR] = [...TOKEN_LEVELS.keys()] as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

const CLOSE_SIMILARITY = 0.92;
const NEAR_SIMILARITY = 0.84;
/** A shared skeleton says little when the folds are unlike. */
const SKELETON_SIMILARITY = 0.75;

/** What an alignment is chosen by, bits: levels of the family name and of the given name, missing last. */
const FAMILY_SCORES = [8, 7, 6.5, 5.5, 1.5, 1.5, -4, 0];
const GIVEN_SCORES = [6.5, 5.5, 5, 4.5, 1, 2, -4, 0];
const SWAPPED_SCORE = -1.5;
const ALIAS_SCORE = -1;
const FREQUENCY_SHARE = 0.7;
const USUAL_BITS = 8;

/** The best alignment found. */
export type NameComparison = {
  familyLevel: number;
  givenLevel: number;
  /** Bits of what agrees, 0 when nothing does. */
  familyBits: number;
  givenBits: number;
  swapped: boolean;
  /** 0, 1 or 2 sides whose alias, not own name, it is. */
  aliases: number;
  /** Both sides have further name tokens that agree too. */
  furtherName: boolean;
};

type PartComparison = { level: number; bits: number; score: number };

/** @returns A function that compares two records' names; what it returns is overwritten by its next call. */
export function nameComparer(
  lists: ComparandLists,
): (a: readonly ComparandName[], b: readonly ComparandName[]) => NameComparison | undefined {
  const tokenLevel = tokenComparer(lists);
  const { foldBits, rootBits, skeletonBits } = lists.frequencies;
  const bitsOf = (level: number, a: number, b: number): number => {
    if (level === EXACT) return foldBits[a] as number;
    if (level === ROOT) return rootBits[a] as number;
    if (level === SKELETON) return skeletonBits[a] as number;
    return level === CLOSE || level === NEAR ? Math.min(foldBits[a] as number, foldBits[b] as number) : 0;
  };
  const compareParts = (
    partA: readonly number[],
    partB: readonly number[],
    scores: readonly number[],
    out: PartComparison,
  ): void => {
    out.level = MISSING;
    out.bits = 0;
    out.score = -Infinity;
    for (const a of partA) {
      for (const b of partB) {
        const level = tokenLevel(a, b);
        const bits = bitsOf(level, a, b);
        const score = (scores[level] as number) + (bits === 0 ? 0 : FREQUENCY_SHARE * (bits - USUAL_BITS));
        if (score <= out.score) continue;
        out.level = level;
        out.bits = bits;
        out.score = score;
      }
    }
    if (out.score === -Infinity) out.score = 0;
  };
  const best: NameComparison = {
    familyLevel: MISSING,
    givenLevel: MISSING,
    familyBits: 0,
    givenBits: 0,
    swapped: false,
    aliases: 0,
    furtherName: false,
  };
  const family: PartComparison = { level: MISSING, bits: 0, score: 0 };
  const given: PartComparison = { level: MISSING, bits: 0, score: 0 };
  return (namesA, namesB) => {
    let bestScore = -Infinity;
    for (const a of namesA) {
      for (const b of namesB) {
        const aliases = Number(a.isAlias) + Number(b.isAlias);
        for (let order = 0; order < 2; order++) {
          const swapped = order === 1;
          compareParts(a.family, swapped ? b.given : b.family, FAMILY_SCORES, family);
          compareParts(a.given, swapped ? b.family : b.given, GIVEN_SCORES, given);
          // Nothing to compare is no agreement: an own name without a given name must not hide behind the swap.
          const score = family.score + given.score + order * SWAPPED_SCORE + aliases * ALIAS_SCORE;
          if (score <= bestScore || (swapped && family.level === MISSING && given.level === MISSING)) continue;
          bestScore = score;
          best.familyLevel = family.level;
          best.givenLevel = given.level;
          best.familyBits = family.bits;
          best.givenBits = given.bits;
          best.swapped = swapped;
          best.aliases = aliases;
          best.furtherName =
            isFurther(swapped ? b.given : b.family, a.family) || isFurther(a.given, swapped ? b.family : b.given);
        }
      }
    }
    return bestScore === -Infinity ? undefined : best;
  };

  /** Several tokens a side, at least two of which agree; the last one is all of them as one. */
  function isFurther(one: readonly number[], other: readonly number[]): boolean {
    if (one.length < 3 || other.length < 3) return false;
    return one.slice(0, -1).filter((a) => other.slice(0, -1).some((b) => tokenLevel(a, b) <= SKELETON)).length > 1;
  }
}

/** @returns Level of two tokens by their numbers. */
export function tokenComparer({ tokens }: ComparandLists): (a: number, b: number) => number {
  return cachedComparison(tokens.length, (a, b) => {
    const one = tokens[a];
    const other = tokens[b];
    if (one === undefined || other === undefined) throw new RangeError("no such token");
    if (one.isInitial || other.isInitial) return one.initial === other.initial ? INITIAL : FAR;
    if (one.fold === other.fold) return EXACT;
    if (one.root === other.root) return ROOT;
    const alike = similarity(one.fold, other.fold);
    if (alike >= SKELETON_SIMILARITY && one.skeleton === other.skeleton) return SKELETON;
    if (alike >= CLOSE_SIMILARITY) return CLOSE;
    return alike >= NEAR_SIMILARITY ? NEAR : FAR;
  });
}
