/**
 * Reliability, Brier score and band checks on examples worked out by hand.
 */
import { expect, test } from "vitest";
import { bandChecks, brierScore, reliabilityTable } from "#bench/quality/calibration.ts";
import type { JudgedPair } from "#bench/quality/blind.ts";
import { bandOf } from "#engine/match/band.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";

const forecasts = (probability: number, truths: string) =>
  Array.from(truths, (truth) => ({ probability, same: truth === "1" }));

const pairs = (probability: number, truths: string): JudgedPair[] =>
  forecasts(probability, truths).map(({ same }, at) => ({
    refA: `a${at}`,
    refB: `b${at}`,
    logOddsBits: Math.log2(probability / (1 - probability)),
    probability,
    band: bandOf(SHIPPED_PROFILE, probability),
    same,
  }));

test("a bin has the mean posterior, the share that is true and the error that right posteriors would make", () => {
  const table = reliabilityTable([...forecasts(0.2, "10"), ...forecasts(0.24, "00"), ...forecasts(0.8, "1")]);
  expect(table).toHaveLength(2);
  const [low, high] = table;
  expect(low).toMatchObject({ from: 0.2, to: 0.3, pairs: 4, precision: 0.25 });
  expect(low?.meanPosterior).toBeCloseTo(0.22, 12);
  // Two pairs of .16 and two of .1824 variance: the root of .6848, over 4.
  expect(low?.standardError).toBeCloseTo(Math.sqrt(0.6848) / 4, 12);
  expect(high).toMatchObject({ from: 0.8, pairs: 1, precision: 1 });
  expect(high?.standardError).toBeCloseTo(0.4, 12);
});

test("a posterior of 1 falls into the last bin", () => {
  expect(reliabilityTable(forecasts(1, "11"))).toEqual([
    { from: 0.9, to: 1, pairs: 2, meanPosterior: 1, precision: 1, standardError: 0 },
  ]);
});

test("the Brier score is the mean squared error", () => {
  expect(brierScore([...forecasts(0.9, "1"), ...forecasts(0.6, "0"), ...forecasts(0.5, "1")])).toBeCloseTo(
    (0.01 + 0.36 + 0.25) / 3,
    12,
  );
  expect(brierScore([])).toBeNaN();
});

test("a band holds within .03 and two standard errors, and not beyond", () => {
  // 100 pairs at .8: a standard error of .04, so that .69 to .91 is allowed.
  const [good] = bandChecks(pairs(0.8, "1".repeat(70) + "0".repeat(30)));
  expect(good).toMatchObject({ band: "medium", pairs: 100, precision: 0.7, holds: true });
  expect(good?.allowed).toBeCloseTo(0.11, 12);
  const [bad] = bandChecks(pairs(0.8, "1".repeat(68) + "0".repeat(32)));
  expect(bad?.holds).toBe(false);
});
