/**
 * A count as published figures tell it: its value in sums, how far off that can be, and how it is shown.
 * docs/spec/statistics.md, "Regional picture"
 */
import { MIN_FIGURE } from "./figures.ts";
import { sumErrorBar, type NoiseLaw } from "./noise-law.ts";

export type Estimate = {
  /** Whole; what it counts in sums, below zero where a suppressed figure does. */
  readonly value: number;
  /** Of one figure that no noised value of at least {@link MIN_FIGURE} is known of. */
  readonly isSuppressed: boolean;
  /** The noise is at most this with probability .95. */
  readonly bar: number;
  readonly variance: number;
  readonly fourthCumulant: number;
  /** Most by which the mean is off, beside the noise. */
  readonly bias: number;
};

/** How an estimate is shown: nothing under {@link MIN_FIGURE} as a number, nothing below zero. */
export type Shown = {
  /** Null: under ten. */
  readonly figure: number | null;
  /** Ends of the interval of .95. */
  readonly low: number;
  readonly high: number;
  /** Whole. */
  readonly bar: number;
  /** What it counts in sums, so that these can be followed. */
  readonly counted: number;
};

/** @param published - Null: suppressed. */
export function estimateOf(published: number | null, law: NoiseLaw): Estimate {
  const canBeUnderTen = published === null || published - law.errorBar < MIN_FIGURE;
  return {
    value: published ?? law.suppressedValue,
    isSuppressed: published === null,
    bar: law.errorBar,
    variance: law.variance,
    fourthCumulant: law.fourthCumulant,
    bias: canBeUnderTen ? law.bias : 0,
  };
}

/** @param parts - Independent; one part is given back as it is, so that it keeps its own error bar. */
export function sumOfEstimates(parts: readonly Estimate[]): Estimate {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return sumFrom({
    value: total(parts, ({ value }) => value),
    variance: total(parts, ({ variance }) => variance),
    fourthCumulant: total(parts, ({ fourthCumulant }) => fourthCumulant),
    bias: total(parts, ({ bias }) => bias),
  });
}

/** @returns An estimate whose error bar is that of a sum. */
export function sumFrom(sum: Pick<Estimate, "value" | "variance" | "fourthCumulant" | "bias">): Estimate {
  return { ...sum, isSuppressed: false, bar: sumErrorBar(sum.variance, sum.fourthCumulant) + sum.bias };
}

export function shownOf({ value, isSuppressed, bar: exactBar }: Estimate): Shown {
  const bar = Math.ceil(exactBar);
  const isUnderTen = isSuppressed || value < MIN_FIGURE;
  const largest = isUnderTen
    ? Math.max(MIN_FIGURE - 1, isSuppressed ? MIN_FIGURE - 1 + bar : value + bar)
    : value + bar;
  return {
    figure: isUnderTen ? null : value,
    low: isUnderTen ? 0 : Math.max(0, value - bar),
    high: largest,
    bar,
    counted: value,
  };
}

function total(parts: readonly Estimate[], of: (part: Estimate) => number): number {
  return parts.reduce((sum, part) => sum + of(part), 0);
}
