/**
 * Slow matching, obviously right: nested maps over whole keys instead of merges over halves.
 * In: two batches as columns, classes and row counts. Out: the same pairs and scores as join, candidates, weight,
 * prior and band give. Tests and benches hold the fast path equal to it; nothing else calls it.
 */
import type { KeyColumn } from "../batch/column.ts";
import type { Profile } from "../profile.ts";
import type { Band } from "./band.ts";

/** A batch as the reference reads it: one column for each rule, profile order. */
export type ReferenceBatch = {
  readonly rowCount: number;
  readonly classes: Uint8Array;
  readonly columns: readonly KeyColumn[];
};

export type ReferencePair = {
  readonly rowA: number;
  readonly rowB: number;
  readonly pattern: number;
  readonly weightBits: number;
  readonly probability: number;
  readonly band: Band;
};

export type ReferenceResult = {
  readonly matchesPerRow: number;
  /** In increasing order of row a, then row b. */
  readonly pairs: readonly ReferencePair[];
};

/** @returns Rows [a, b] of equal keys, in order of key. */
export function referenceJoin(a: KeyColumn, b: KeyColumn): [rowA: number, rowB: number][] {
  const rowByKey = new Map(keysOf(a).map((key, at) => [key, a.row[at] as number]));
  return keysOf(b)
    .map((key, at) => ({ key, rowA: rowByKey.get(key), rowB: b.row[at] as number }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .flatMap(({ rowA, rowB }): [number, number][] => (rowA === undefined ? [] : [[rowA, rowB]]));
}

/** Matches two whole batches; both have one column for each rule of the profile. */
export function referenceMatch(profile: Profile, a: ReferenceBatch, b: ReferenceBatch): ReferenceResult {
  const agreeing = new Map<number, Map<number, Set<number>>>();
  for (const rule of profile.rules.keys()) {
    for (const [rowA, rowB] of referenceJoin(columnOf(a, rule), columnOf(b, rule))) {
      const partners = entryOf(agreeing, rowA, () => new Map<number, Set<number>>());
      entryOf(partners, rowB, () => new Set<number>()).add(rule);
    }
  }
  const weighed = [...agreeing]
    .flatMap(([rowA, partners]) =>
      [...partners].map(([rowB, rules]) => ({
        rowA,
        rowB,
        pattern: [...rules].reduce((sum, rule) => sum + 2 ** rule, 0),
        weightBits: weightOf(profile, rules, a, rowA, b, rowB),
      })),
    )
    .sort((one, other) => one.rowA - other.rowA || one.rowB - other.rowB);

  const weights = weighed.map((pair) => pair.weightBits);
  const matchesPerRow = mixingShare(profile, weights, a.rowCount, b.rowCount);
  const share = matchesPerRow / Math.max(a.rowCount, b.rowCount);
  const pairs = weighed.map((pair) => {
    const probability = posterior(pair.weightBits, share);
    return { ...pair, probability, band: bandFor(profile, probability) };
  });
  return { matchesPerRow, pairs };
}

function keysOf(column: KeyColumn): bigint[] {
  return Array.from(column.upper, (upper, at) => (BigInt(upper) << 32n) | BigInt(column.lower[at] as number));
}

function columnOf(batch: ReferenceBatch, rule: number): KeyColumn {
  const column = batch.columns[rule];
  if (column === undefined) throw new RangeError(`referenceMatch: no column for rule ${rule}`);
  return column;
}

function weightOf(
  profile: Profile,
  rules: ReadonlySet<number>,
  a: ReferenceBatch,
  rowA: number,
  b: ReferenceBatch,
  rowB: number,
): number {
  const factsA = profile.coverageClasses[a.classes[rowA] as number]?.facts ?? [];
  const factsB = profile.coverageClasses[b.classes[rowB] as number]?.facts ?? [];
  const threshold = Math.log2(Math.max(a.rowCount, b.rowCount)) + profile.informationMarginBits;
  const knots = profile.weights.thresholdBits;
  let bits = threshold + between(knots, profile.weights.interceptBits, threshold);
  for (const group of profile.weights.groups) {
    const granted = group.levels.filter((level) =>
      profile.rules.some((rule, index) => rules.has(index) && rule.evidence[group.id] === level.id),
    );
    const strongest = granted.at(-1);
    const bothHaveIt = group.coverage === null || (factsA.includes(group.coverage) && factsB.includes(group.coverage));
    const silent = bothHaveIt ? group.disagreeBits : group.missingBits;
    bits += between(knots, strongest === undefined ? silent : strongest.bits, threshold);
  }
  return Math.round(bits * 1_000_000) / 1_000_000;
}

/** The line through the two neighbouring entries, or the nearest entry outside them. */
function between(knots: readonly number[], values: readonly number[], at: number): number {
  const points = knots.map((knot, index) => ({ knot, value: values[index] as number }));
  const before = points.findLast(({ knot }) => knot <= at);
  const after = points.find(({ knot }) => knot > at);
  if (before === undefined || after === undefined) return (before ?? after)?.value as number;
  return before.value + ((at - before.knot) / (after.knot - before.knot)) * (after.value - before.value);
}

/** Expectation–maximisation, one posterior for each pair. */
function mixingShare(profile: Profile, weights: readonly number[], rowCountA: number, rowCountB: number): number {
  const smaller = Math.min(rowCountA, rowCountB);
  const larger = Math.max(rowCountA, rowCountB);
  const threshold = Math.log2(larger) + profile.informationMarginBits;
  const recall = between(profile.weights.thresholdBits, profile.weights.candidateRecall, threshold);
  let matchesPerRow = profile.prior.start;
  for (let step = 0; step < 200; step++) {
    const share = matchesPerRow / larger;
    const found = weights.reduce((sum, bits) => sum + posterior(bits, share), 0);
    const unseen = matchesPerRow * smaller * (1 - recall);
    const free = (found + unseen) / smaller;
    const updated = Math.min(profile.prior.max, Math.max(profile.prior.min, free));
    const change = Math.abs(updated - matchesPerRow);
    matchesPerRow = updated;
    if (change < 1e-9) break;
  }
  return matchesPerRow;
}

/** Bayes' rule with a likelihood ratio of 2^bits. */
function posterior(bits: number, share: number): number {
  const ratio = 2 ** bits;
  return (ratio * share) / (ratio * share + (1 - share));
}

function bandFor(profile: Profile, probability: number): Band {
  if (probability >= profile.bands.high) return "high";
  if (probability >= profile.bands.medium) return "medium";
  return probability >= profile.bands.low ? "low" : "none";
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
