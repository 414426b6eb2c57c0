/**
 * Discrete Laplace noise, exact: integers and comparisons only.
 * Canonne, Kamath & Steinke (2020), "The Discrete Gaussian for Differential Privacy", arXiv:2004.00010, Algorithms 1 and 2.
 */
import { uniformBelow, type RandomFill } from "../uniform.ts";
import type { Rational } from "./budget.ts";

const LARGEST_PART = 2n ** 32n;
/** A draw takes a dozen words. */
const POOL_WORDS = 128;

/**
 * P(X = x) = (1 − q)/(1 + q) · q^|x|, q = e^(−1/scale).
 *
 * @param scale - Positive, in lowest terms, numerator and denominator at most 2³².
 * @returns A function that draws one X; every draw is independent of the others.
 */
export function laplaceSampler(scale: Rational, random: RandomFill): () => number {
  if (scale.numerator < 1n || scale.numerator > LARGEST_PART || scale.denominator > LARGEST_PART)
    throw new RangeError("laplaceSampler: the scale is 0, or its parts are too large");
  const [t, s] = [Number(scale.numerator), Number(scale.denominator)];
  const below = uniformBelow(random, POOL_WORDS);

  /** Algorithm 1 for γ = u/t in [0, 1]; a bit of probability u/(tK) is one of u/t and one of 1/K, both. */
  function isExpMinus(u: number): boolean {
    let k = 1;
    while ((u === t || below(t) < u) && below(k) === 0) k++;
    return k % 2 === 1;
  }

  return () => {
    for (;;) {
      const u = below(t);
      if (!isExpMinus(u)) continue;
      let v = 0;
      while (isExpMinus(t)) v++;
      const magnitude = Math.floor((u + t * v) / s);
      const isNegative = below(2) === 1;
      if (isNegative && magnitude === 0) continue;
      return isNegative ? -magnitude : magnitude;
    }
  };
}
