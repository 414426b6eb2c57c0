/**
 * Bands that a pattern can have: every honest band is among them.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { attainableBands } from "#engine/match/attainable.ts";
import { bandOf, reaches } from "#engine/match/band.ts";
import { estimatePrior, probabilityOf } from "#engine/match/prior.ts";
import { informationThreshold, matchWeights } from "#engine/match/weight.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";

const { coverageClasses, rules } = SHIPPED_PROFILE;
const Class = fc.nat(coverageClasses.length - 1);
const Rows = fc.constantFrom(64, 1_024, 1_048_576);

test("a band that the secretariat may give is attainable, whatever the classes, the other pairs and the margin", () => {
  const situation = fc.record({ pattern: fc.integer({ min: 1, max: 2 ** rules.length - 1 }), a: Class, b: Class });
  const margin = fc.constantFrom(SHIPPED_PROFILE.informationMarginBits, SHIPPED_PROFILE.informationMarginBits + 4);
  fc.assert(
    fc.property(fc.array(situation, { minLength: 1, maxLength: 8 }), Rows, Rows, margin, (pairs, one, other, bits) => {
      const profile = { ...SHIPPED_PROFILE, informationMarginBits: bits };
      const model = { profile, thresholdBits: informationThreshold(profile, Math.max(one, other)) };
      const rows = Uint32Array.from(pairs.keys());
      const pattern = Uint32Array.from(pairs, (each) => each.pattern);
      const [a, b] = [Uint8Array.from(pairs, (each) => each.a), Uint8Array.from(pairs, (each) => each.b)];
      const weights = matchWeights(model, { rowA: rows, rowB: rows, pattern }, a, b);
      const prior = estimatePrior(profile, new Map(Array.from(weights, (weight) => [weight, 1])), one, other);
      weights.forEach((weight, at) => {
        const band = bandOf(profile, probabilityOf(weight, prior.logOddsBits));
        const { least, most } = attainableBands(profile, pattern[at] ?? 0, [one, other]);
        expect(reaches(band, least) && reaches(most, band)).toBe(true);
      });
    }),
  );
});

test("a rule that says little is never high, and all rules together are never low", () => {
  const bandsOf = (pattern: number) => attainableBands(SHIPPED_PROFILE, pattern, [1_048_576, 1_048_576]);
  const mosts = rules.map((_, rule) => bandsOf(2 ** rule).most);
  expect(mosts.some((band) => band !== "high")).toBe(true);
  expect(bandsOf(2 ** rules.length - 1).least).toBe("high");
});
