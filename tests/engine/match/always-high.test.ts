/**
 * Agreements that are always in band high, and the decoy patterns that a profile may have.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SIZE_CLASSES } from "#engine/batch/size-class.ts";
import { isAlwaysHigh } from "#engine/match/always-high.ts";
import { bandOf } from "#engine/match/band.ts";
import { probabilityOf } from "#engine/match/prior.ts";
import { informationThreshold, weightTerms } from "#engine/match/weight.ts";
import { parseProfile, type DecoyPattern } from "#engine/profile.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";

const PATTERNS = SHIPPED_PROFILE.decoyPatterns ?? [];
const { prior, coverageClasses } = SHIPPED_PROFILE;
const anyClass = fc.nat(coverageClasses.length - 1);

test("a decoy pattern is in band high whatever sizes, classes and prior", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PATTERNS.flat()),
      fc.constantFrom(...SIZE_CLASSES),
      anyClass,
      anyClass,
      fc.double({ min: prior.min, max: prior.max, noNaN: true }),
      ({ cells }, rows, classA, classB, matchesPerRow) => {
        const pattern = Array.from(cells).reduce((bits, count, rule) => bits + (count === "0" ? 0 : 2 ** rule), 0);
        const model = { profile: SHIPPED_PROFILE, thresholdBits: informationThreshold(SHIPPED_PROFILE, rows) };
        const bits = weightTerms(model, pattern, classA, classB).reduce((sum, term) => sum + term.bits, 0);
        const share = matchesPerRow / rows;
        expect(bandOf(SHIPPED_PROFILE, probabilityOf(bits, Math.log2(share / (1 - share))))).toBe("high");
      },
    ),
  );
});

test("agreement on a name and a year alone is not always high", () => {
  const cells = SHIPPED_PROFILE.rules.map(({ id }) => (id === "token-initial-year" ? "1" : "0")).join("");
  expect(isAlwaysHigh(SHIPPED_PROFILE, cells)).toBe(false);
});

describe("a profile is refused", () => {
  const [first, ...others] = PATTERNS[0] ?? [];
  const faultOf = (change: Partial<DecoyPattern>): (() => unknown) => {
    const changed = [{ ...(first as DecoyPattern), ...change }, ...others];
    return () => parseProfile({ ...SHIPPED_PROFILE, decoyPatterns: PATTERNS.with(0, changed) });
  };

  test.each([
    [{}, null],
    [{ cells: "1" }, /has 1 digits for 21 rules/],
    [{ cells: `2${"1".repeat(20)}` }, /more cells of a rule than there are slots/],
    [{ classes: [0, 1] as [number, number] }, /names no coverage class/],
    [{ ...others[0] }, /occurs twice/],
    [{ cells: `0001${"0".repeat(17)}` }, /decoyPatterns\.0: a pattern is not always in band high/],
  ])("whose first decoy pattern is changed by %j, or not: %s", (change, fault) => {
    if (fault === null) expect(faultOf(change)).not.toThrow();
    else expect(faultOf(change)).toThrow(fault);
  });

  test("whose decoy patterns are not one list for each threshold", () => {
    expect(() => parseProfile({ ...SHIPPED_PROFILE, decoyPatterns: PATTERNS.slice(1) })).toThrow(
      /decoyPatterns has 2 entries for 3 thresholds/,
    );
  });
});
