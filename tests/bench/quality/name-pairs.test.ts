/**
 * Rules over names alone.
 */
import { expect, test } from "vitest";
import { bestRule, judgeNames, NAME_RULES, ruleFigures, type NamePair } from "#bench/quality/name-pairs.ts";

const pair = (one: string, other: string, same: boolean, language = "sh"): NamePair => ({ one, other, same, language });

const PAIRS = [
  pair("Radoš Vukmirović", "Радош Вукмировић", true),
  pair("Vukmirovic Rados", "Radoš Vukmirović", true),
  pair("Radoš Vukmirović", "Mitar Zorić", false),
  pair("Radoš Vukmirović", "Radoš Zorić", false),
];

test("order and script do not matter, a shared given name alone is not enough", () => {
  for (const [id, verdicts] of judgeNames(PAIRS, NAME_RULES))
    expect({ id, verdicts }).toEqual({ id, verdicts: [true, true, false, false] });
});

test("figures count what a rule finds and what it finds wrongly", () => {
  expect(ruleFigures(PAIRS, [true, false, true, false])).toEqual({ truePairs: 2, recall: 0.5, precision: 0.5 });
  expect(ruleFigures(PAIRS, [false, false, false, false])).toEqual({ truePairs: 2, recall: 0, precision: 1 });
  expect(ruleFigures(PAIRS, [true, true, true, true], ({ same }) => same).precision).toBe(1);
});

test("the best rule is the one that finds most among those precise enough", () => {
  const judged = new Map([
    ["loose", [true, true, true, true]],
    ["strict", [true, false, false, false]],
    ["good", [true, true, false, false]],
  ]);
  expect(bestRule(PAIRS, judged, 0.95)).toBe("good");
  expect(bestRule(PAIRS, new Map([["loose", [true, true, true, true]]]), 0.95)).toBeUndefined();
});
