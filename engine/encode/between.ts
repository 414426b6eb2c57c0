/**
 * Rules between rows that have a fact and rows that lack it: a name alone may tell that one of two rows is undated, but
 * between two dated rows it would find namesakes only. A key says which kind its row is, turned round between the two sides.
 */
import type { Rule } from "../profile.ts";
import { coverageBit } from "./coverage.ts";

/** Whose batch it is: that of the lower or of the higher party id of the pairing. */
export type Side = "lower" | "higher";

/** Tells for one rule which rows carry its keys and which of them can meet. */
export type Carriers = {
  /** @param coverage - Bits of the row's coverage facts. */
  readonly carries: (coverage: number) => boolean;
  /** Whether the row's keys are made of d turned (its last bit flipped): only keys made alike can be equal. */
  readonly turns: (coverage: number, side: Side) => boolean;
  /** Whether two rows of these coverages could meet under the rule, whichever side each is on. */
  readonly meet: (one: number, other: number) => boolean;
  /** Rows of different status never have equal keys in one batch, so they do not silence each other. */
  readonly status: (coverage: number) => number;
};

/** @throws {@link LinkageError} `profile-invalid` when the rule names an unknown coverage fact. */
export function carriersOf({ between }: Rule): Carriers {
  if (between === undefined) return { carries: () => true, turns: () => false, meet: () => true, status: () => 0 };
  const bit = coverageBit(between.fact);
  const status = (coverage: number): number => Number((coverage & bit) !== 0);
  if (between.rows === "lacking") {
    const carries = (coverage: number): boolean => status(coverage) === 0;
    return { carries, turns: () => false, meet: (one, other) => carries(one) && carries(other), status };
  }
  return {
    carries: () => true,
    turns: (coverage, side) => status(coverage) === Number(side === "higher"),
    meet: (one, other) => status(one) !== status(other),
    status,
  };
}
