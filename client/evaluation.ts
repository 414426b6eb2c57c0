/**
 * Quality of a result against known truth, by threshold alone.
 * Precision, recall and F1 as in Christen (2012), "Data Matching", ch. 7; average precision is the area under the step curve.
 */

/** A candidate pair as far as evaluation needs it. */
export type WeighedPair = {
  readonly refA: string;
  readonly refB: string;
  readonly weightBits: number;
  readonly band: string;
};

/** Quality when all pairs of at least `thresholdBits` are taken. */
export type OperatingPoint = {
  readonly thresholdBits: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
};

export type Evaluation = {
  readonly truePairs: number;
  readonly candidatePairs: number;
  readonly best: OperatingPoint;
  /** Highest recall at a precision of at least .95 and .99; undefined when no threshold reaches it. */
  readonly atPrecision95: OperatingPoint | undefined;
  readonly atPrecision99: OperatingPoint | undefined;
  /** Of all true pairs, those that are candidates at all. */
  readonly candidateRecall: number;
  readonly averagePrecision: number;
  readonly bands: readonly { readonly band: string; readonly pairs: number; readonly truePairs: number }[];
  /** References that touch a reference which touches another one, of both lists. */
  readonly bridgingRefs: number;
};

/**
 * @param pairs - Candidate pairs in any order.
 * @param truth - True pairs of references; one told twice, or the other way round, counts once.
 */
export function evaluate(pairs: readonly WeighedPair[], truth: readonly (readonly [string, string])[]): Evaluation {
  const known = new Set(truth.flatMap(([one, other]) => [pairName(one, other), pairName(other, one)]));
  const truePairs = new Set(truth.map((pair) => pairName(...(pair.toSorted() as [string, string])))).size;
  const isTrue = (pair: WeighedPair): boolean => known.has(pairName(pair.refA, pair.refB));
  const curve = operatingPoints(pairs, isTrue, truePairs);
  const bandNames = [...new Set(pairs.map(({ band }) => band))];
  return {
    truePairs,
    candidatePairs: pairs.length,
    best: bestOf(curve, ({ f1 }) => f1) ?? { thresholdBits: 0, precision: 0, recall: 0, f1: 0 },
    atPrecision95: bestOf(
      curve.filter(({ precision }) => precision >= 0.95),
      ({ recall }) => recall,
    ),
    atPrecision99: bestOf(
      curve.filter(({ precision }) => precision >= 0.99),
      ({ recall }) => recall,
    ),
    candidateRecall: curve.at(-1)?.recall ?? 0,
    averagePrecision: curve.reduce(
      (area, point, at) => area + point.precision * (point.recall - (curve[at - 1]?.recall ?? 0)),
      0,
    ),
    bands: bandNames.map((band) => {
      const inBand = pairs.filter((pair) => pair.band === band);
      return { band, pairs: inBand.length, truePairs: inBand.filter(isTrue).length };
    }),
    bridgingRefs: bridgingRefs(pairs),
  };
}

/** One point for each distinct weight, highest first. */
function operatingPoints(
  pairs: readonly WeighedPair[],
  isTrue: (pair: WeighedPair) => boolean,
  truePairs: number,
): OperatingPoint[] {
  const ordered = [...pairs].sort((one, other) => other.weightBits - one.weightBits);
  const points: OperatingPoint[] = [];
  let hits = 0;
  ordered.forEach((pair, at) => {
    hits += Number(isTrue(pair));
    if (ordered[at + 1]?.weightBits === pair.weightBits) return;
    const precision = hits / (at + 1);
    const recall = truePairs === 0 ? 0 : hits / truePairs;
    const f1 = hits === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    points.push({ thresholdBits: pair.weightBits, precision, recall, f1 });
  });
  return points;
}

function bestOf(
  points: readonly OperatingPoint[],
  value: (point: OperatingPoint) => number,
): OperatingPoint | undefined {
  return points.reduce<OperatingPoint | undefined>(
    (best, point) => (best === undefined || value(point) > value(best) ? point : best),
    undefined,
  );
}

function bridgingRefs(pairs: readonly WeighedPair[]): number {
  const partners = new Map<string, number>();
  const sides = pairs.map(({ refA, refB }) => [`a ${refA}`, `b ${refB}`] as const);
  for (const side of sides.flat()) partners.set(side, (partners.get(side) ?? 0) + 1);
  const bridging = new Set<string>();
  for (const [a, b] of sides) {
    if ((partners.get(b) ?? 0) > 1) bridging.add(a);
    if ((partners.get(a) ?? 0) > 1) bridging.add(b);
  }
  return bridging.size;
}

function pairName(one: string, other: string): string {
  return `${one}\u0000${other}`;
}
