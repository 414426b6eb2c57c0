/**
 * A hit's match weight as bars: each stands where the sum before it ended; a term that is not known spreads the sum.
 */
import type { HitView } from "../../client/console/shapes.ts";

export type WeightBar = {
  /** `open`: only its least and most are known; `total`: the whole weight. */
  readonly kind: "term" | "open" | "total";
  readonly group: string;
  readonly level: string;
  readonly rules: readonly string[];
  /** Sum before and after; of an open term, the least and the most of the sum after it; of the total 0 and its least. */
  readonly fromBits: number;
  readonly toBits: number;
  /** Of the term itself, or of the total. */
  readonly lowBits: number;
  readonly highBits: number;
};

/** @returns Terms, then what is open and can add anything, then the total. */
export function barsOf({ terms, openTerms, leastBits, mostBits }: HitView): readonly WeightBar[] {
  const bars: WeightBar[] = [];
  let low = 0;
  for (const { group, level, bits, rules } of terms) {
    bars.push({ kind: "term", group, level, rules, fromBits: low, toBits: low + bits, lowBits: bits, highBits: bits });
    low += bits;
  }
  let high = low;
  for (const { group, disagreeBits, missingBits } of openTerms) {
    if (disagreeBits === 0 && missingBits === 0) continue;
    const [lowBits, highBits] = [Math.min(disagreeBits, missingBits), Math.max(disagreeBits, missingBits)];
    low += lowBits;
    high += highBits;
    bars.push({ kind: "open", group, level: "missing", rules: [], fromBits: low, toBits: high, lowBits, highBits });
  }
  bars.push({
    kind: "total",
    group: "",
    level: "",
    rules: [],
    fromBits: 0,
    toBits: leastBits,
    lowBits: leastBits,
    highBits: mostBits,
  });
  return bars;
}

/** @returns Fact groups that did not agree and, under the round's profile, add nothing for it. */
export function silentGroupsOf({ openTerms }: HitView): readonly string[] {
  return openTerms
    .filter(({ disagreeBits, missingBits }) => disagreeBits === 0 && missingBits === 0)
    .map(({ group }) => group);
}
