/**
 * The privacy budget: exact fractions, and the yearly ledger that all outputs share. docs/spec/statistics.md, "Ledger"
 */
import { z } from "zod";
import { LinkageError } from "../errors.ts";

/** A fraction of at least 0, in lowest terms. */
export type Rational = { readonly numerator: bigint; readonly denominator: bigint };

/** A fraction as it is written: `numerator/denominator`. */
export const RationalText = z.string().regex(/^(0|[1-9]\d{0,19})\/[1-9]\d{0,19}$/);

/** ε of everything that is published in one calendar year (UTC). */
export const YEARLY_EPSILON = rational(4n, 1n);

/** @param numerator - At least 0. @param denominator - At least 1. */
export function rational(numerator: bigint, denominator: bigint): Rational {
  if (numerator < 0n || denominator < 1n) throw new RangeError("rational: below zero, or over zero");
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** @param text - Checked by {@link RationalText}. */
export function parseRational(text: string): Rational {
  const [numerator = "", denominator = ""] = text.split("/");
  return rational(BigInt(numerator), BigInt(denominator));
}

export function rationalText({ numerator, denominator }: Rational): string {
  return `${numerator}/${denominator}`;
}

/** @returns The sum; 0/1 of none. */
export function sumOf(parts: readonly Rational[]): Rational {
  return parts.reduce(
    (sum, part) =>
      rational(sum.numerator * part.denominator + part.numerator * sum.denominator, sum.denominator * part.denominator),
    rational(0n, 1n),
  );
}

/**
 * @param spends - ε of every output of the year so far.
 * @param epsilon - Of the output that is to be published.
 * @throws {@link LinkageError} `statistics-budget-spent` if the year's sum would pass {@link YEARLY_EPSILON}.
 */
export function requireBudget(spends: readonly Rational[], epsilon: Rational): void {
  if (epsilon.numerator === 0n) throw new RangeError("requireBudget: an output without loss holds nothing");
  const { numerator, denominator } = sumOf([...spends, epsilon]);
  if (numerator * YEARLY_EPSILON.denominator > YEARLY_EPSILON.numerator * denominator)
    throw new LinkageError(
      "statistics-budget-spent",
      `${rationalText(sumOf(spends))} of ${rationalText(YEARLY_EPSILON)} is spent this year; this needs ${rationalText(epsilon)}`,
    );
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}
