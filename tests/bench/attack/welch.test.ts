/**
 * The test of times, on times that are made up.
 */
import { expect, test } from "vitest";
import { largestT, welchT } from "#bench/attack/welch.ts";
import { Draws } from "#fixtures/draws.ts";

const draws = new Draws(11);
const drawn = (count: number, shift: number, tail = 0): Float64Array =>
  Float64Array.from({ length: count }, () => shift + draws.unit() + (draws.chance(0.02) ? tail * draws.unit() : 0));

test("t of a worked example", () => {
  // Means 2 and 5, variances 1 and 1, three each.
  expect(welchT(Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6))).toBeCloseTo(-3 / Math.sqrt(2 / 3), 12);
  expect(welchT(Float64Array.of(4, 4), Float64Array.of(4, 4))).toBe(0);
});

test("equal times stay below 4.5, and a difference is seen below a tail that hides it", () => {
  expect(largestT([drawn(5_000, 0, 1_000), drawn(5_000, 0, 1_000)])).toBeLessThan(4.5);
  const [one, other] = [drawn(5_000, 0, 1_000), drawn(5_000, 0.1, 1_000)];
  expect(Math.abs(welchT(one, other))).toBeLessThan(4.5);
  expect(largestT([one, other])).toBeGreaterThan(4.5);
});
