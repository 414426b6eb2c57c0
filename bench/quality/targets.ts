/**
 * What must be reached, beside what was: one line for each target of the match-quality work.
 */
import type { PooledFigures } from "./figures.ts";
import type { QualityLine } from "./line.ts";
import type { MarginPoint } from "./margin-curve.ts";

/** What one data set gave; figures in the clear only where they were asked for. */
export type Reached = {
  readonly blind: PooledFigures;
  readonly oracle: PooledFigures | undefined;
  readonly bridgingShare: number;
};

type Target = {
  readonly what: string;
  readonly wanted: number;
  /** Whether less is better. */
  readonly atMost?: true;
  /** Undefined where it was not measured. */
  readonly found: (reached: Reached) => number | undefined;
};

const f1 = (wanted: number): Target => ({ what: "F1", wanted, found: ({ blind }) => blind.best.f1 });
const bridging: Target = {
  what: "rows that bridge",
  wanted: 0.02,
  atMost: true,
  found: ({ bridgingShare }) => bridgingShare,
};
const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  see_synth: [f1(0.89), ...recallTargets(0.83, 0.72), bridging],
  fixtures: [
    {
      what: "F1 below the oracle's",
      wanted: 0.02,
      atMost: true,
      found: ({ blind, oracle }) => (oracle === undefined ? undefined : oracle.best.f1 - blind.best.f1),
    },
    bridging,
  ],
  "febrl4 name+date+address": [f1(0.99)],
  "febrl4 name+date": [f1(0.94)],
  fake_1000: [
    {
      what: "F1 over the oracle's",
      wanted: 0.9,
      found: ({ blind, oracle }) => (oracle === undefined ? undefined : blind.best.f1 / oracle.best.f1),
    },
  ],
};

/** Lines of one data set at the shipped margin; what was not measured is left out. */
export function targetLines(dataSet: string, reached: Reached): QualityLine[] {
  return linesOf(dataSet, TARGETS[dataSet] ?? [], reached);
}

const LOW_THRESHOLD = [f1(0.91), ...recallTargets(0.86, 0.75)];
const LOW_THRESHOLD_BRIDGING = 0.1;

/** see_synth with the margin as low as bridging allows: the best F1 among margins at which at most 10 % of rows bridge. */
export function lowThresholdLines(dataSet: string, points: readonly MarginPoint[]): QualityLine[] {
  const allowed = points.filter(({ bridgingShare }) => bridgingShare <= LOW_THRESHOLD_BRIDGING);
  const [best] = allowed.toSorted((one, other) => other.figures.best.f1 - one.figures.best.f1);
  if (best === undefined) return [];
  const reached = { blind: best.figures, oracle: undefined, bridgingShare: best.bridgingShare };
  return linesOf(`${dataSet} at ${best.marginBits} bits`, [...LOW_THRESHOLD, { ...bridging, wanted: 0.1 }], reached);
}

function recallTargets(at95: number, at99: number): Target[] {
  return [
    { what: "recall at precision .95", wanted: at95, found: ({ blind }) => blind.atPrecision95?.recall ?? 0 },
    { what: "recall at precision .99", wanted: at99, found: ({ blind }) => blind.atPrecision99?.recall ?? 0 },
  ];
}

function linesOf(dataSet: string, targets: readonly Target[], reached: Reached): QualityLine[] {
  return targets.flatMap(({ what, wanted, atMost, found }) => {
    const value = found(reached);
    if (value === undefined) return [];
    const holds = atMost === true ? value <= wanted : value >= wanted;
    return [{ measure: "target", dataSet, what, wanted, atMost: atMost === true, found: value, holds }];
  });
}
