/**
 * A power law through measured points: least squares of log y on log x.
 */
import type { Point } from "../plots/chart.ts";

/** y = factor · x^exponent; `determination` is R² of the logarithms, 1 when all points lie on it. */
export type PowerFit = { readonly exponent: number; readonly factor: number; readonly determination: number };

/**
 * @param points - Above 0.
 * @returns Undefined with fewer than two different x.
 */
export function powerFit(points: readonly Point[]): PowerFit | undefined {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const meanX = mean(logs.map(([x]) => x));
  const meanY = mean(logs.map(([, y]) => y));
  const spread = sum(logs.map(([x]) => (x - meanX) ** 2));
  if (!(spread > 0)) return undefined;
  const exponent = sum(logs.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  const offset = meanY - exponent * meanX;
  const total = sum(logs.map(([, y]) => (y - meanY) ** 2));
  const rest = sum(logs.map(([x, y]) => (y - offset - exponent * x) ** 2));
  return { exponent, factor: Math.exp(offset), determination: total === 0 ? 1 : 1 - rest / total };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
