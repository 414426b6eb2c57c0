/**
 * Match probability of a hit, from what its party knows of it.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { probabilityRange } from "#client/console/hit-view.ts";
import { bandOf } from "#engine/match/band.ts";
import { priorOdds, probabilityOf } from "#engine/match/prior.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";

const { bands, prior } = SHIPPED_PROFILE;
const COUNTS: readonly [number, number] = [1_024, 2_048];

test("the range holds the probability that the secretariat computed, whatever weight and prior it had", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -20, max: 40, noNaN: true }),
      fc.tuple(fc.double({ min: 0, max: 8, noNaN: true }), fc.double({ min: 0, max: 8, noNaN: true })),
      fc.double({ min: prior.min, max: prior.max, noNaN: true }),
      (weightBits, [below, above], matchesPerRow) => {
        const probability = probabilityOf(weightBits, Math.log2(priorOdds(matchesPerRow, ...COUNTS)));
        const band = bandOf(SHIPPED_PROFILE, probability);
        if (band === "none") return;
        const { least, most } = probabilityRange(
          SHIPPED_PROFILE,
          band,
          [weightBits - below, weightBits + above],
          COUNTS,
        );
        expect(least).toBeLessThanOrEqual(probability);
        expect(most).toBeGreaterThanOrEqual(probability);
      },
    ),
  );
});

test("a band that weight and prior cannot reach counts alone", () => {
  expect(probabilityRange(SHIPPED_PROFILE, "high", [-30, -20], COUNTS)).toEqual({ least: bands.high, most: 1 });
  expect(probabilityRange(SHIPPED_PROFILE, "low", [60, 80], COUNTS)).toEqual({ least: bands.low, most: bands.medium });
});
