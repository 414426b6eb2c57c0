/**
 * The classifiers that views are told apart with, and the areas under their curves.
 */
import { expect, test } from "vitest";
import {
  areaError,
  areaUnderCurve,
  boosted,
  crossValidatedArea,
  linear,
  type Samples,
} from "#bench/attack/classifiers.ts";
import { Draws } from "#fixtures/draws.ts";

const COUNT = 300;
const WIDTH = 12;

/** Noise, and one feature or a product of two that tells the kinds apart. */
function drawn(tell: "nothing" | "one feature" | "two together"): Samples {
  const draws = new Draws(7);
  const features = Float32Array.from({ length: COUNT * WIDTH }, () => draws.unit() - 0.5);
  const kinds = Uint8Array.from({ length: COUNT }, (_, at) => at % 2);
  kinds.forEach((kind, at) => {
    if (tell === "one feature") features[at * WIDTH + 3] = (features[at * WIDTH + 3] as number) + 2 * kind;
    const isPositive = (features[at * WIDTH + 1] as number) > 0;
    if (tell === "two together") features[at * WIDTH + 2] = isPositive === (kind === 1) ? 1 : -1;
  });
  return { width: WIDTH, features, kinds };
}

const GROUPS = Array.from({ length: COUNT }, (_, at) => at >>> 1);

test("an area is the share of pairs in order, ties half", () => {
  expect(areaUnderCurve([1, 2, 3, 4], [false, true, false, true])).toBe(0.75);
  expect(areaUnderCurve([5, 5, 5, 5], [false, true, false, true])).toBe(0.5);
});

test("the error of an area is that of Hanley and McNeil, at .50 that of the rank test", () => {
  for (const count of [50, 2_000])
    expect(areaError(0.5, count)).toBeCloseTo(Math.sqrt((2 * count + 1) / (12 * count * count)), 6);
});

test("both classifiers see one telling feature, and nothing in noise", () => {
  for (const learn of [linear, boosted]) {
    expect(crossValidatedArea(drawn("one feature"), GROUPS, 5, learn, 1)).toBeGreaterThan(0.95);
    const area = crossValidatedArea(drawn("nothing"), GROUPS, 5, learn, 1);
    expect(Math.abs(area - 0.5)).toBeLessThan(5 * areaError(0.5, COUNT / 2));
  }
});

test("trees see what two features tell together only", () => {
  expect(crossValidatedArea(drawn("two together"), GROUPS, 5, boosted, 1)).toBeGreaterThan(0.8);
});
