/**
 * What a published figure says of its count.
 */
import { expect, test } from "vitest";
import { errorOf, logProbability } from "#bench/attack/laplace-attacker.ts";

test("the probabilities of all that can be published of a count add up to 1", () => {
  for (const count of [0, 9, 10, 40]) {
    let sum = Math.exp(logProbability(null, count, 5));
    for (let seen = 10; seen < 400; seen++) sum += Math.exp(logProbability(seen, count, 5));
    expect(sum).toBeCloseTo(1, 9);
  }
});

test("one more in the count changes a figure's probability by e^(1/scale) at most, and does so", () => {
  const changes = [null, 10, 11, 50].map((seen) => logProbability(seen, 11, 4) - logProbability(seen, 10, 4));
  expect(Math.max(...changes.map(Math.abs))).toBeCloseTo(1 / 4, 9);
});

test("the attacker's error is what 95 of 100 do not pass", () => {
  expect(errorOf(Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? at : -at)))).toBe(95);
});
