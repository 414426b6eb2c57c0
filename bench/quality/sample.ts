/**
 * What the quality bench measures on: pairs of lists with known truth.
 */
import type { PersonRecord } from "#engine/encode/person.ts";

/** What pairs are held against. */
export type KnownTruth = {
  readonly name: string;
  /** True pairs as {@link pairName} gives them. */
  readonly truth: ReadonlySet<string>;
};

/** Two lists and who is who across them. */
export type Sample = KnownTruth & {
  readonly listA: readonly PersonRecord[];
  readonly listB: readonly PersonRecord[];
  /** Pair name → country code of the true person, as far as the truth tells it. */
  readonly homes: ReadonlyMap<string, string>;
};

/** Samples that are judged together; the figures of one data set are those of all its samples pooled. */
export type DataSet = { readonly name: string; readonly samples: readonly Sample[] };

/** @returns Name of a pair of references, that of list A first. */
export function pairName(refA: string, refB: string): string {
  return `${refA}\u0000${refB}`;
}

/** @returns The two references of a {@link pairName}. */
export function pairRefs(name: string): readonly [refA: string, refB: string] {
  const at = name.indexOf("\u0000");
  return [name.slice(0, at), name.slice(at + 1)];
}
