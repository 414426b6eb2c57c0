/**
 * Power laws through points.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Point } from "#bench/plots/chart.ts";
import { powerFit } from "#bench/report/power-fit.ts";

test("points on a power law give its exponent and factor", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -2, max: 3, noNaN: true }),
      fc.double({ min: 0.001, max: 1_000, noNaN: true }),
      (exponent, factor) => {
        const points = [10, 100, 5_000].map((x): Point => [x, factor * x ** exponent]);
        const fit = powerFit(points);
        expect(fit?.exponent).toBeCloseTo(exponent, 6);
        expect(Math.log(fit?.factor ?? NaN)).toBeCloseTo(Math.log(factor), 5);
      },
    ),
  );
});

test("points beside the law leave something undetermined, and one size gives no law", () => {
  const fit = powerFit([
    [1, 1],
    [10, 20],
    [100, 90],
  ]);
  expect(fit?.determination).toBeGreaterThan(0.9);
  expect(fit?.determination).toBeLessThan(1);
  expect(powerFit([[10, 1]])).toBeUndefined();
  expect(
    powerFit([
      [10, 1],
      [10, 2],
    ]),
  ).toBeUndefined();
});
