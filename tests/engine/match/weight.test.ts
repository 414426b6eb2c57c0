/**
 * Match weights: one term for each fact, missing told from disagreeing.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { informationThreshold, matchWeights, weightTerms, type WeightModel } from "#engine/match/weight.ts";
import { parseProfile } from "#engine/profile.ts";
import { profileArbitrary } from "./arbitraries.ts";
import { DOCUMENT, EXAMPLE, NAME_BIRTH, NAME_YEAR } from "./example.ts";

const MODEL: WeightModel = { profile: EXAMPLE, thresholdBits: informationThreshold(EXAMPLE, 1000) };
const levelsOf = (pattern: number, classA: number, classB: number): Record<string, string> =>
  Object.fromEntries(weightTerms(MODEL, pattern, classA, classB).map(({ group, level }) => [group, level]));
const sumOf = (model: WeightModel, pattern: number, classA = 0, classB = 0): number =>
  weightTerms(model, pattern, classA, classB).reduce((sum, { bits }) => sum + bits, 0);

describe("informationThreshold", () => {
  test("is log2 of the larger row count and the profile's margin", () => {
    expect(informationThreshold(EXAMPLE, 1024)).toBeCloseTo(13.3, 12);
  });
});

describe("weightTerms", () => {
  test("starts with threshold and intercept and has one term for each fact group, profile order", () => {
    const groups = weightTerms(MODEL, NAME_BIRTH, 1, 1).map(({ group }) => group);
    expect(groups).toEqual(["threshold", "intercept", "name", "birth", "document"]);
  });

  test("takes the highest level that any agreeing rule grants", () => {
    expect(levelsOf(NAME_YEAR, 0, 0)).toMatchObject({ name: "skeleton", birth: "year" });
    expect(levelsOf(NAME_YEAR | NAME_BIRTH, 0, 0)).toMatchObject({ name: "full", birth: "day" });
    expect(weightTerms(MODEL, NAME_YEAR | NAME_BIRTH, 0, 0)).toEqual(weightTerms(MODEL, NAME_BIRTH, 0, 0));
  });

  test("tells a missing fact from one that disagrees", () => {
    expect(levelsOf(NAME_BIRTH, 1, 1)).toMatchObject({ document: "disagrees" });
    expect(levelsOf(NAME_BIRTH, 1, 0)).toMatchObject({ document: "missing" });
    expect(levelsOf(NAME_BIRTH, 0, 1)).toMatchObject({ document: "missing" });
    expect(levelsOf(NAME_BIRTH, 0, 0)).toMatchObject({ document: "missing" });
    expect(sumOf(MODEL, NAME_BIRTH, 1, 1)).toBeLessThan(sumOf(MODEL, NAME_BIRTH, 0, 1));
  });

  test("takes a fact that every row has as disagreeing when no rule says that it agrees", () => {
    expect(levelsOf(DOCUMENT, 1, 1)).toMatchObject({ name: "disagrees", birth: "disagrees", document: "same" });
  });

  test("does not change when a second rule grants the same levels", () => {
    fc.assert(
      fc.property(profileArbitrary, fc.nat(31), fc.nat(4), (profile, drawn, picked) => {
        const pattern = drawn & ((1 << profile.rules.length) - 1);
        const twin = picked % profile.rules.length;
        const doubled = parseProfile({
          ...profile,
          rules: [...profile.rules, { ...profile.rules[twin], id: "twin" }],
        });
        const agreeing = pattern | (1 << twin);
        const once = weightTerms({ profile: doubled, thresholdBits: 10 }, agreeing, 0, 0);
        const twice = weightTerms(
          { profile: doubled, thresholdBits: 10 },
          agreeing | (1 << profile.rules.length),
          0,
          0,
        );
        expect(twice).toEqual(once);
      }),
    );
  });

  test("gives the same terms for either order of the two classes", () => {
    fc.assert(
      fc.property(profileArbitrary, fc.nat(31), fc.nat(7), fc.nat(7), (profile, pattern, one, other) => {
        const classes = profile.coverageClasses.length;
        const model = { profile, thresholdBits: 10 };
        expect(weightTerms(model, pattern, one % classes, other % classes)).toEqual(
          weightTerms(model, pattern, other % classes, one % classes),
        );
      }),
    );
  });
});

describe("matchWeights", () => {
  test("is the sum of the terms, for every pattern up to bit 31 and every pair of classes", () => {
    const rules = Array.from({ length: 32 }, (_, index) => ({
      id: `r${index}`,
      slots: 1,
      facts: ["fact"],
      evidence: index === 31 ? { document: "same" } : { name: index % 2 === 0 ? "skeleton" : "full" },
    }));
    const profile = parseProfile({ ...EXAMPLE, rules });
    const model = { profile, thresholdBits: 13.3 };
    const patterns = [1, 2, 3, 0x4000_0000, 0x8000_0000, 0x8000_0001, 0xffff_ffff];
    const situations = patterns.flatMap((pattern) =>
      [0, 1].flatMap((classA) => [0, 1].map((classB) => ({ pattern, classA, classB }))),
    );
    const pairs = {
      rowA: Uint32Array.from(situations, (_, at) => at),
      rowB: Uint32Array.from(situations, (_, at) => at),
      pattern: Uint32Array.from(situations, ({ pattern }) => pattern),
    };
    const classesA = Uint8Array.from(situations, ({ classA }) => classA);
    const classesB = Uint8Array.from(situations, ({ classB }) => classB);
    const sums = situations.map(({ pattern, classA, classB }) => sumOf(model, pattern, classA, classB));
    expect([...matchWeights(model, pairs, classesA, classesB)]).toEqual(sums);
    expect(new Set(sums).size).toBeGreaterThan(4);
  });
});
