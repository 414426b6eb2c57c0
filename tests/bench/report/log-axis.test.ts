/**
 * Logarithmic axes of the report.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { logAxis } from "#bench/report/log-axis.ts";

test("an axis holds its values, and its ticks in increasing order", () => {
  const value = fc.double({ min: 1e-4, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (values) => {
      const { from, to, ticks } = logAxis("size", values);
      for (const each of [...values, ...ticks]) expect(each >= from && each <= to).toBe(true);
      expect(ticks).toEqual([...new Set(ticks)].sort((one, other) => one - other));
    }),
  );
});

test("a short axis has steps between the powers of ten, a long one has not", () => {
  expect(logAxis("size", [100, 1_000]).ticks).toEqual([100, 200, 500, 1_000]);
  expect(logAxis("size", [100, 1e6]).ticks).toEqual([100, 1_000, 1e4, 1e5, 1e6]);
  expect(logAxis("seconds", [0.01, 1]).ticks).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]);
});
