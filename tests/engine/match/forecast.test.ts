/**
 * Forecast of coincidental hits.
 */
import { expect, test } from "vitest";
import { forecastCoincidences } from "#engine/match/forecast.ts";
import { EXAMPLE } from "./example.ts";

const profile = {
  ...EXAMPLE,
  informationMarginBits: 3,
  prior: { min: 0.001, max: 0.9, start: 0.25 },
  // Posterior odds of the bins' middles under a prior of 1/4: 2^(3 + from + i + 1/2) / 4.
  weights: { ...EXAMPLE.weights, thresholdBits: [10, 20] },
  coincidences: {
    fromBits: -6,
    binBits: 4,
    perThousandRows: [
      [8, 4, 2],
      [4, 0, 2],
    ],
  },
};
/** Rows at whose threshold the first counts hold, and those halfway to the second. */
const FEW = 128;
const MORE = 4096;

test("a bin counts in the band of its middle's posterior", () => {
  // 3 − 6 + 2 = −1, 3, 7 bits; less 2: −3, 1, 5 bits: .11, .67, .97.
  expect(forecastCoincidences(profile, FEW, FEW)).toEqual({ high: 0.256, medium: 0.512, low: 0, none: 1.024 });
});

test("the counts are those of the larger list's threshold, for each row of the smaller one, whichever side it is on", () => {
  const small = forecastCoincidences(profile, FEW, MORE);
  expect(small).toEqual(forecastCoincidences(profile, MORE, FEW));
  expect(small).toEqual({ high: 0.256, medium: 0.256, low: 0, none: 0.768 });
  expect(forecastCoincidences(profile, FEW, 2 ** 25).medium).toBe(0);
});

test("a profile without counts forecasts nothing", () => {
  const bare = { ...profile, coincidences: { ...profile.coincidences, perThousandRows: [[], []] } };
  expect(forecastCoincidences(EXAMPLE, 1000, 1000)).toEqual({ high: 0, medium: 0, low: 0, none: 0 });
  expect(forecastCoincidences(bare, 1000, 1000)).toEqual({ high: 0, medium: 0, low: 0, none: 0 });
});
