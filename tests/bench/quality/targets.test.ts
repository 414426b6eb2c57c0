/**
 * What is wanted, beside what was found.
 */
import { expect, test } from "vitest";
import { pooledFigures, precisionRecall } from "#bench/quality/figures.ts";
import type { Judged } from "#bench/quality/blind.ts";
import { pairName } from "#bench/quality/sample.ts";
import { targetLines } from "#bench/quality/targets.ts";

/** Three true pairs of which the first `found` are found, and one false hit below them. */
function resultOf(found: number): Judged {
  const names = ["1", "2", "3"];
  const pairs = names.slice(0, found).map((name, at) => ({ refA: name, refB: name, logOddsBits: 9 - at, same: true }));
  return {
    sample: { name: "s", listA: [], listB: [], truth: new Set(names.map((n) => pairName(n, n))), homes: new Map() },
    pairs: [...pairs, { refA: "1", refB: "3", logOddsBits: 0, same: false }].map((pair) => ({
      ...pair,
      probability: 0.9,
      band: "medium",
    })),
  };
}

test("pooled samples do not share references", () => {
  const figures = pooledFigures([resultOf(3), resultOf(0)]);
  expect(figures).toMatchObject({ truePairs: 6, candidatePairs: 5 });
  expect(figures.best).toMatchObject({ precision: 1, recall: 0.5 });
  expect(figures.bandFigures["medium"]).toMatchObject({ pairs: 5, truePairs: 3 });
});

test("the curve has one point for each distinct weight", () => {
  const pair = (logOddsBits: number, same: boolean) => ({ logOddsBits, same });
  expect(precisionRecall([pair(1, false), pair(2, true), pair(1, true)], 4)).toEqual([
    [0.25, 1],
    [0.5, 2 / 3],
  ]);
});

test("a target that was not measured is left out; what falls short says so", () => {
  const reached = { blind: pooledFigures([resultOf(2)]), oracle: undefined, bridgingShare: 0.03 };
  expect(targetLines("fixtures", reached)).toEqual([
    {
      measure: "target",
      dataSet: "fixtures",
      what: "rows that bridge",
      wanted: 0.02,
      atMost: true,
      found: 0.03,
      holds: false,
    },
  ]);
  const beside = targetLines("fixtures", { ...reached, oracle: pooledFigures([resultOf(3)]) });
  expect(beside[0]).toMatchObject({ what: "F1 below the oracle's", holds: false });
  expect(beside[0]?.["found"]).toBeCloseTo(0.2, 12);
  expect(targetLines("another", reached)).toEqual([]);
});
