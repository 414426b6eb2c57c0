/**
 * Forecast of coincidental hits.
 */
import { expect, test } from "vitest";
import { forecastCoincidences } from "#engine/match/forecast.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";

const profile = {
  ...SHIPPED_PROFILE,
  informationMarginBits: 3,
  prior: { min: 0.001, max: 0.9, start: 0.25 },
  // Posterior odds of the bins' middles under a prior of 1/4: 2^(3 + from + i + 1/2) / 4.
  coincidences: { fromBits: -6, binBits: 4, perThousandRows: [8, 4, 2] },
};

test("a bin counts in the band of its middle's posterior", () => {
  // 3 − 6 + 2 = −1, 3, 7 bits; less 2: −3, 1, 5 bits: .11, .67, .97.
  expect(forecastCoincidences(profile, 1000, 1000)).toEqual({ high: 2, medium: 4, low: 0, none: 8 });
});

test("coincidences grow with the smaller list only, whichever side it is on", () => {
  const small = forecastCoincidences(profile, 500, 1000);
  expect(small).toEqual(forecastCoincidences(profile, 100_000, 500));
  expect(small.none).toBe(4);
});

test("a profile without counts forecasts nothing", () => {
  const bare = { ...profile, coincidences: { ...profile.coincidences, perThousandRows: [] } };
  expect(forecastCoincidences(bare, 1000, 1000)).toEqual({ high: 0, medium: 0, low: 0, none: 0 });
});
