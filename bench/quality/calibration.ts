/**
 * Whether a match probability means what it says.
 * Brier (1950), "Verification of forecasts expressed in terms of probability"; reliability table as in Murphy & Winkler (1977).
 */
import type { JudgedPair } from "./blind.ts";
import { bandFigures } from "./figures.ts";

type Forecast = Pick<JudgedPair, "probability" | "same">;

/** One bin of the reliability table; `standardError` is that of the observed precision if the posteriors were right. */
export type ReliabilityBin = {
  readonly from: number;
  readonly to: number;
  readonly pairs: number;
  readonly meanPosterior: number;
  readonly precision: number;
  readonly standardError: number;
};

/** @returns Bins of equal width over [0, 1], the last closed; empty ones left out. */
export function reliabilityTable(forecasts: readonly Forecast[], binCount = 10): ReliabilityBin[] {
  const byBin = Map.groupBy(forecasts, ({ probability }) => Math.min(binCount - 1, Math.floor(probability * binCount)));
  return Array.from({ length: binCount }, (_, bin) => bin).flatMap((bin) => {
    const inBin = byBin.get(bin);
    if (inBin === undefined) return [];
    return [{ from: bin / binCount, to: (bin + 1) / binCount, pairs: inBin.length, ...observed(inBin) }];
  });
}

/** Mean squared difference between posterior and truth, 0 to 1; NaN without pairs. */
export function brierScore(forecasts: readonly Forecast[]): number {
  return (
    forecasts.reduce((sum, { probability, same }) => sum + (probability - Number(same)) ** 2, 0) / forecasts.length
  );
}

/** One band held against the target |observed precision − mean posterior| ≤ .03 + 2 standard errors. */
export type BandCheck = {
  readonly band: string;
  readonly pairs: number;
  readonly meanPosterior: number;
  readonly precision: number;
  readonly standardError: number;
  readonly allowed: number;
  readonly holds: boolean;
};

const TOLERANCE = 0.03;

/** Bands in order, those without a pair left out. */
export function bandChecks(pairs: readonly JudgedPair[]): BandCheck[] {
  return Object.keys(bandFigures(pairs)).map((band) => {
    const inBand = pairs.filter((pair) => pair.band === band);
    const { meanPosterior, precision, standardError } = observed(inBand);
    const allowed = TOLERANCE + 2 * standardError;
    const holds = Math.abs(precision - meanPosterior) <= allowed;
    return { band, pairs: inBand.length, meanPosterior, precision, standardError, allowed, holds };
  });
}

/** The standard error is √(Σ p(1 − p)) / n: it does not vanish where all or none are true. */
function observed(forecasts: readonly Forecast[]): {
  readonly meanPosterior: number;
  readonly precision: number;
  readonly standardError: number;
} {
  const count = forecasts.length;
  const sum = (value: (forecast: Forecast) => number): number =>
    forecasts.reduce((total, forecast) => total + value(forecast), 0);
  return {
    meanPosterior: sum(({ probability }) => probability) / count,
    precision: sum(({ same }) => Number(same)) / count,
    standardError: Math.sqrt(sum(({ probability }) => probability * (1 - probability))) / count,
  };
}
