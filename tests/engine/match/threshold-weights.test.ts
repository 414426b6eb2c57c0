/**
 * The weights at one threshold, and what a profile's figures must be.
 */
import { describe, expect, test } from "vitest";
import { LinkageError } from "#engine/errors.ts";
import { figureAt, weightsAt } from "#engine/match/threshold-weights.ts";
import { parseProfile } from "#engine/profile.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { EXAMPLE } from "./example.ts";

describe("figureAt", () => {
  test("is the line through the two neighbours, and the nearest entry outside them", () => {
    const at = (bits: number): number => figureAt([14, 18, 20], [4, 6, 0], bits);
    expect([0, 14, 15, 18, 19, 20, 90].map(at)).toEqual([4, 4, 4.5, 6, 3, 0, 0]);
  });

  test("of one threshold is the same at all", () => {
    expect([-Infinity, 0, 14, 90].map((bits) => figureAt([14], [4], bits))).toEqual([4, 4, 4, 4]);
  });
});

describe("weightsAt", () => {
  test("a higher threshold sees fewer true pairs, and to disagree never tells for a match", () => {
    const steps = Array.from({ length: 60 }, (_, step) => weightsAt(SHIPPED_PROFILE, 10 + step / 4));
    steps.slice(1).forEach(({ candidateRecall }, at) => {
      expect(candidateRecall).toBeLessThanOrEqual(steps[at]?.candidateRecall ?? 0);
    });
    for (const { groups } of steps) for (const { disagreeBits } of groups) expect(disagreeBits).toBeLessThanOrEqual(0);
  });
});

describe("a profile is refused", () => {
  const { weights } = EXAMPLE;
  /** @returns What is said of the fault; empty when there is none. */
  const faultOf = (change: object): string => {
    try {
      parseProfile({ ...structuredClone(EXAMPLE), ...change });
    } catch (error) {
      if (error instanceof LinkageError && error.code === "profile-invalid") return error.detail;
      throw error;
    }
    return "";
  };

  test.each([[[14, 14]], [[18, 14]]])("whose thresholds do not increase: %j", (thresholdBits) => {
    expect(faultOf({ weights: { ...weights, thresholdBits } })).toContain("does not strictly increase");
  });

  test("whose figure has not one number for each threshold", () => {
    expect(faultOf({ weights: { ...weights, candidateRecall: [0.9, 0.5] } })).toContain(
      "candidateRecall has 2 entries for 1 thresholds",
    );
    const [first, ...others] = weights.groups.map((group) => ({ ...group, disagreeBits: [-1, -1] }));
    expect(faultOf({ weights: { ...weights, groups: [first, ...others] } })).toContain("disagreeBits has 2 entries");
  });

  test("whose coincidences have not one list for each threshold, all of one length", () => {
    const counted = (perThousandRows: number[][]) => ({ coincidences: { fromBits: 0, binBits: 1, perThousandRows } });
    expect(faultOf(counted([[1], [1]]))).toContain("perThousandRows has 2 entries");
    const two = {
      ...weights,
      thresholdBits: [10, 20],
      candidateRecall: [0.9, 0.5],
      interceptBits: [0, 0],
      groups: weights.groups.map((group) => ({
        ...group,
        levels: group.levels.map(({ id }) => ({ id, bits: [1, 2] })),
        disagreeBits: [0, 0],
        missingBits: [0, 0],
      })),
    };
    expect(faultOf({ weights: two, ...counted([[1], [1, 2]]) })).toContain("lists of several lengths");
    expect(faultOf({ weights: two, ...counted([[1], [2]]) })).toBe("");
  });
});
