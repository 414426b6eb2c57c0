/**
 * Rules between rows that have a fact and rows that lack it: a name alone may tell that one of two rows is undated, but
 * between two dated rows it would find namesakes only. Each side sends the half that can meet the other.
 */
import type { Rule } from "../profile.ts";
import { coverageBit } from "./coverage.ts";

/** Whose batch it is: that of the lower or of the higher party id of the pairing. */
export type Side = "lower" | "higher";

/** Tells for one rule which rows carry its keys. */
export type Carriers = {
  /** @param coverage - Bits of the row's coverage facts. */
  readonly carries: (coverage: number, side: Side) => boolean;
  /** Whether two rows of these coverages could meet under the rule, whichever side each is on. */
  readonly meet: (one: number, other: number) => boolean;
  /** Rows of different status never stand in one batch's column, so they do not silence each other. */
  readonly status: (coverage: number) => number;
};

/** @throws {@link LinkageError} `profile-invalid` when the rule names an unknown coverage fact. */
export function carriersOf({ between }: Rule): Carriers {
  if (between === undefined) return { carries: () => true, meet: () => true, status: () => 0 };
  const bit = coverageBit(between.fact);
  const status = (coverage: number): number => Number((coverage & bit) !== 0);
  const carries = (coverage: number, side: Side): boolean => status(coverage) === Number(between[side] === "has");
  return {
    carries,
    meet: (one, other) =>
      (carries(one, "lower") && carries(other, "higher")) || (carries(other, "lower") && carries(one, "higher")),
    status,
  };
}
