/**
 * Exact fractions and the yearly limit.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  parseRational,
  rational,
  rationalText,
  RationalText,
  requireBudget,
  sumOf,
  YEARLY_EPSILON,
} from "#engine/statistics/budget.ts";

const fraction = fc
  .tuple(fc.bigInt({ min: 0n, max: 1_000n }), fc.bigInt({ min: 1n, max: 1_000n }))
  .map(([numerator, denominator]) => rational(numerator, denominator));

describe("fractions", () => {
  test("are written in lowest terms and read back", () => {
    expect(rationalText(rational(6n, 36n))).toBe("1/6");
    expect(rationalText(rational(0n, 7n))).toBe("0/1");
    fc.assert(
      fc.property(fraction, (value) => {
        const text = rationalText(value);
        expect(RationalText.parse(text)).toBe(text);
        expect(parseRational(text)).toEqual(value);
      }),
    );
  });

  test("sum exactly, in any order", () => {
    expect(rationalText(sumOf([]))).toBe("0/1");
    expect(rationalText(sumOf(Array.from({ length: 32 }, () => rational(1n, 64n))))).toBe("1/2");
    fc.assert(
      fc.property(fc.array(fraction, { maxLength: 8 }), (parts) => {
        expect(sumOf(parts)).toEqual(sumOf([...parts].reverse()));
      }),
    );
  });

  test("below zero or over zero are none", () => {
    expect(() => rational(-1n, 2n)).toThrow(RangeError);
    expect(() => rational(1n, 0n)).toThrow(RangeError);
    for (const text of ["1", "1/0", "-1/2", "01/2", "1/2 ", "0.5/1"])
      expect(RationalText.safeParse(text).success).toBe(false);
  });
});

describe("the year's budget", () => {
  const sevenths = Array.from({ length: 27 }, () => rational(1n, 7n));

  test("may be spent to the last part and not beyond", () => {
    requireBudget(sevenths, rational(1n, 7n));
    requireBudget([], YEARLY_EPSILON);
    const barely = rational(1n, 7n * 10n ** 15n);
    expect(() => {
      requireBudget([...sevenths, rational(1n, 7n)], barely);
    }).toThrow(expect.objectContaining({ code: "statistics-budget-spent" }));
    expect(() => {
      requireBudget(sevenths, sumOf([rational(1n, 7n), barely]));
    }).toThrow(expect.objectContaining({ code: "statistics-budget-spent" }));
  });

  test("says what is spent and what was asked for", () => {
    expect(() => {
      requireBudget([YEARLY_EPSILON], rational(1n, 2n));
    }).toThrow("4/1 of 4/1 is spent this year; this needs 1/2");
  });

  test("is charged by every output", () => {
    expect(() => {
      requireBudget([], rational(0n, 1n));
    }).toThrow(RangeError);
  });
});
