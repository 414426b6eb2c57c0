/**
 * The quality bench's lines from its results: one function for each kind of measurement.
 */
import { BANDS, reaches } from "#engine/match/band.ts";
import type { Profile } from "#engine/profile.ts";
import { withoutRule, type Ablated } from "./ablation.ts";
import type { BlindJudged, Judged, JudgedLink } from "./blind.ts";
import { bandChecks, brierScore, reliabilityTable, type BandCheck, type ReliabilityBin } from "./calibration.ts";
import { pairsChecksum, pooledFigures, type PooledFigures } from "./figures.ts";
import { byLanguage, byScripts, checkGroups } from "./groups.ts";
import type { QualityLine } from "./line.ts";
import type { MarginPoint } from "./margin-curve.ts";
import type { DataSet } from "./sample.ts";

/** Figures of one matcher, `blind` or `oracle`. */
export function operatingLine(
  dataSet: string,
  matcher: string,
  results: readonly Judged[],
  figures: PooledFigures,
  bridging: number | null,
): QualityLine {
  const { best, atPrecision95, atPrecision99 } = figures;
  return {
    measure: "operating",
    dataSet,
    matcher,
    samples: results.length,
    records: results.reduce((sum, { sample }) => sum + sample.listA.length + sample.listB.length, 0),
    truePairs: figures.truePairs,
    candidatePairs: figures.candidatePairs,
    candidateRecall: figures.candidateRecall,
    f1: best.f1,
    precision: best.precision,
    recall: best.recall,
    thresholdLogOddsBits: best.thresholdBits,
    averagePrecision: figures.averagePrecision,
    recallAtPrecision95: atPrecision95?.recall ?? null,
    recallAtPrecision99: atPrecision99?.recall ?? null,
    bridgingShare: bridging,
    bands: figures.bandFigures,
    pairsChecksum: pairsChecksum(results),
  };
}

/** @returns Rows that bridge over all rows, both lists of all samples. */
export function bridgingShare(results: readonly { readonly bridgingRows: number; readonly rows: number }[]): number {
  const sum = (value: (result: { readonly bridgingRows: number; readonly rows: number }) => number): number =>
    results.reduce((total, result) => total + value(result), 0);
  return sum(({ bridgingRows }) => bridgingRows) / sum(({ rows }) => rows);
}

/** Languages where the truth tells them, scripts always, at the data set's best threshold; each with its check. */
export function* groupLines(
  dataSet: DataSet,
  matcher: string,
  results: readonly Judged[],
  { best }: PooledFigures,
): Generator<QualityLine> {
  const kinds = [
    { kind: "scripts", groups: byScripts(results, best.thresholdBits) },
    ...(dataSet.samples.some(({ homes }) => homes.size > 0)
      ? [{ kind: "language", groups: byLanguage(results, best.thresholdBits) }]
      : []),
  ];
  for (const { kind, groups } of kinds) {
    for (const group of groups) yield { measure: "group", dataSet: dataSet.name, matcher, kind, ...group };
    if (groups.length > 1)
      yield { measure: "group-check", dataSet: dataSet.name, matcher, kind, ...checkGroups(groups) };
  }
}

/** Reliability table and Brier score over all candidate pairs, then each band's check. */
export function* calibrationLines(
  dataSet: string,
  matcher: string,
  results: readonly Judged[],
): Generator<QualityLine, readonly ReliabilityBin[]> {
  const pairs = results.flatMap((result) => result.pairs);
  const bins = reliabilityTable(pairs);
  yield { measure: "reliability", dataSet, matcher, pairs: pairs.length, brierScore: brierScore(pairs), bins };
  yield* bandLines(dataSet, matcher, bandChecks(pairs));
  return bins;
}

function* bandLines(dataSet: string, matcher: string, checks: readonly BandCheck[]): Generator<QualityLine> {
  for (const check of checks) yield { measure: "band-check", dataSet, matcher, ...check };
}

/** False hits per 1,000 records of a list, of each band and all above it. */
export type SizePoint = {
  readonly recordsPerList: number;
  readonly falseHitsPer1000: { readonly high: number; readonly medium: number; readonly low: number };
};

export function* sizeLines(
  result: JudgedLink & { readonly recordsPerList: number },
): Generator<QualityLine, SizePoint> {
  const { recordsPerList } = result;
  const rate = (lowest: "high" | "medium" | "low"): number => {
    const hits = result.pairs.filter(({ band, same }) => !same && reaches(band, lowest));
    return (1000 * hits.length) / recordsPerList;
  };
  const falseHitsPer1000 = { high: rate("high"), medium: rate("medium"), low: rate("low") };
  const { best, bandFigures } = pooledFigures([result]);
  const dataSet = `fixtures ${recordsPerList}`;
  yield {
    measure: "list-size",
    dataSet,
    recordsPerList,
    truePairs: result.sample.truth.size,
    candidatePairs: result.pairs.length,
    falseHitsPer1000,
    f1: best.f1,
    bridgingShare: bridgingShare([result]),
    bands: bandFigures,
    pairsChecksum: pairsChecksum([result]),
  };
  yield* bandLines(dataSet, "blind", bandChecks(result.pairs));
  yield recallLine(dataSet, result);
  yield forecastLine(dataSet, result);
  return { recordsPerList, falseHitsPer1000 };
}

/** Of all true pairs, those of each band and all above it; `none` is all candidates. */
function recallLine(dataSet: string, { sample, pairs }: JudgedLink): QualityLine {
  const found = pairs.filter(({ same }) => same);
  const recall = BANDS.map((lowest) => {
    const reached = found.filter(({ band }) => reaches(band, lowest));
    return [lowest, reached.length / sample.truth.size] as const;
  });
  return { measure: "recall", dataSet, truePairs: sample.truth.size, downTo: Object.fromEntries(recall) };
}

const FORECAST_FACTOR = 2;

/** Coincidental pairs by band beside the forecast of them; held together to a factor of two, as bands move with the lists' own overlap. */
function forecastLine(dataSet: string, { forecast, pairs }: JudgedLink): QualityLine {
  const coincidental = pairs.filter(({ same }) => !same);
  const found = Object.fromEntries(
    BANDS.map((each) => [each, coincidental.filter(({ band }) => band === each).length] as const),
  );
  const expected = BANDS.reduce((sum, band) => sum + forecast[band], 0);
  const ratio = coincidental.length / expected;
  const holds = ratio <= FORECAST_FACTOR && ratio >= 1 / FORECAST_FACTOR;
  return {
    measure: "forecast",
    dataSet,
    expected,
    found: coincidental.length,
    ratio,
    holds,
    byBand: { forecast, found },
  };
}

/** Each rule of the profile left out, after a line with none left out. */
export function* ablationLines(
  profile: Profile,
  dataSet: string,
  results: readonly BlindJudged[],
): Generator<QualityLine> {
  const figuresOf = (ablated: readonly Ablated[]) => {
    const { best, atPrecision95, candidateRecall } = pooledFigures(ablated);
    return {
      f1: best.f1,
      recallAtPrecision95: atPrecision95?.recall ?? 0,
      candidateRecall,
      bridgingShare: bridgingShare(ablated),
    };
  };
  const whole = figuresOf(results.map((result) => withoutRule(profile, result, undefined)));
  yield { measure: "ablation", dataSet, without: "nothing", slots: 0, ...whole };
  for (const [index, rule] of profile.rules.entries()) {
    const rest = figuresOf(results.map((result) => withoutRule(profile, result, index)));
    yield {
      measure: "ablation",
      dataSet,
      without: rule.id,
      slots: rule.slots,
      ...rest,
      f1Worth: whole.f1 - rest.f1,
      recallAtPrecision95Worth: whole.recallAtPrecision95 - rest.recallAtPrecision95,
      bridgingCost: whole.bridgingShare - rest.bridgingShare,
    };
  }
}

/** One line for each margin. */
export function* marginLines(dataSet: string, points: readonly MarginPoint[]): Generator<QualityLine> {
  for (const { marginBits, bridgingShare: share, figures } of points) {
    yield {
      measure: "margin",
      dataSet,
      marginBits,
      f1: figures.best.f1,
      recallAtPrecision95: figures.atPrecision95?.recall ?? null,
      recallAtPrecision99: figures.atPrecision99?.recall ?? null,
      bridgingShare: share,
      candidatePairs: figures.candidatePairs,
    };
  }
}
