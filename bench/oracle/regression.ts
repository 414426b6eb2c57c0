/**
 * Weighted logistic regression on sparse features, pulled towards presumed coefficients, by iteratively reweighted least squares.
 * McCullagh & Nelder (1989), "Generalized Linear Models", ch. 4; a normal prior on each coefficient is a ridge about its mean.
 */
import type { FeatureRow } from "./features.ts";

const MAX_STEPS = 50;
const CONVERGED = 1e-8;

/** Observations by column; those of equal features are kept apart. */
export class Observations {
  readonly columns: number[] = [];
  readonly values: number[] = [];
  /** Where each observation's features start in `columns`; one more than there are observations. */
  readonly starts: number[] = [0];
  /** Known part of the log-odds, bits. */
  readonly offsets: number[] = [];
  readonly weights: number[] = [];
  readonly same: boolean[] = [];

  add(row: FeatureRow, offset: number, same: boolean, weight: number): void {
    for (let at = 0; at < row.length; at++) {
      this.columns.push(row.columns[at] as number);
      this.values.push(row.values[at] as number);
    }
    this.starts.push(this.columns.length);
    this.offsets.push(offset);
    this.same.push(same);
    this.weights.push(weight);
  }
}

/**
 * @param presumedBits - Coefficient of each column where the observations are silent.
 * @param ridges - How strongly each coefficient is pulled there, inverse variances in nats.
 * @returns Coefficients in bits of log-odds.
 */
export function fitWeightedLogistic(
  observations: Observations,
  presumedBits: readonly number[],
  ridges: readonly number[],
): Float64Array {
  const size = presumedBits.length;
  const presumed = Float64Array.from(presumedBits, (bits) => bits * Math.LN2);
  let beta = presumed;
  for (let step = 0; step < MAX_STEPS; step++) {
    const { gradient, hessian } = derivatives(observations, beta);
    for (let at = 0; at < size; at++) {
      const ridge = ridges[at] as number;
      hessian[at * size + at] = (hessian[at * size + at] as number) + ridge;
      gradient[at] = (gradient[at] as number) - ridge * ((beta[at] as number) - (presumed[at] as number));
    }
    const change = solveSymmetric(hessian, gradient);
    const largest = change.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = Math.min(1, 3 / largest);
    beta = beta.map((value, at) => value + scale * (change[at] as number));
    if (largest < CONVERGED) break;
  }
  return beta.map((value) => value / Math.LN2);
}

/** First derivative of the log-likelihood and the negative of the second, lower triangle by rows. */
function derivatives(
  { columns, values, starts, offsets, weights, same }: Observations,
  beta: Float64Array,
): { gradient: Float64Array; hessian: Float64Array } {
  const size = beta.length;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  for (let observation = 0; observation < same.length; observation++) {
    const start = starts[observation] as number;
    const end = starts[observation + 1] as number;
    let logit = (offsets[observation] as number) * Math.LN2;
    for (let at = start; at < end; at++) logit += (beta[columns[at] as number] as number) * (values[at] as number);
    const probability = 1 / (1 + Math.exp(-logit));
    const weight = weights[observation] as number;
    const residual = weight * (Number(same[observation]) - probability);
    const variance = weight * probability * (1 - probability);
    for (let at = start; at < end; at++) {
      const column = columns[at] as number;
      const value = values[at] as number;
      gradient[column] = (gradient[column] as number) + residual * value;
      for (let other = start; other < end; other++) {
        const place = column * size + (columns[other] as number);
        hessian[place] = (hessian[place] as number) + variance * value * (values[other] as number);
      }
    }
  }
  return { gradient, hessian };
}

/** Solves a symmetric, positive definite system by Cholesky's factorisation; overwrites both arguments. */
function solveSymmetric(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const at = (row: number, column: number): number => matrix[row * size + column] as number;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let rest = at(row, column);
      for (let k = 0; k < column; k++) rest -= at(row, k) * at(column, k);
      matrix[row * size + column] = row === column ? Math.sqrt(rest) : rest / at(column, column);
    }
  }
  for (let row = 0; row < size; row++) {
    let rest = right[row] as number;
    for (let k = 0; k < row; k++) rest -= at(row, k) * (right[k] as number);
    right[row] = rest / at(row, row);
  }
  for (let row = size - 1; row >= 0; row--) {
    let rest = right[row] as number;
    for (let k = row + 1; k < size; k++) rest -= at(k, row) * (right[k] as number);
    right[row] = rest / at(row, row);
  }
  return right;
}
