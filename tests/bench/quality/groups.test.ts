/**
 * Recall and false hits by group, on a hand-made result.
 */
import { describe, expect, test } from "vitest";
import type { Judged } from "#bench/quality/blind.ts";
import { byLanguage, byScripts, checkGroups, type GroupFigures } from "#bench/quality/groups.ts";
import { pairName } from "#bench/quality/sample.ts";
import { scriptOf, scriptPair } from "#bench/quality/writing.ts";
import { parsePerson, type PersonRecord } from "#engine/encode/person.ts";

const person = (rec_id: string, family_name: string, nationality: string): PersonRecord =>
  parsePerson({ rec_id, family_name, nationality }, 1);

const pair = (refA: string, refB: string, logOddsBits: number, same: boolean) =>
  ({ refA, refB, logOddsBits, probability: 0.9, band: "medium", same }) as const;

/** Two Bulgarians found once, a Hungarian not found, one false hit between a Bulgarian and one of unknown nationality. */
const RESULT: Judged = {
  sample: {
    name: "by hand",
    listA: [person("a1", "Петров", "BG"), person("a2", "Илиев", "BG"), person("a3", "Nagy", "HU")],
    listB: [person("b1", "Petrov", "BG"), person("b2", "Илиев", ""), person("b3", "Nagy", "HU")],
    truth: new Set([pairName("a1", "b1"), pairName("a2", "b2"), pairName("a3", "b3")]),
    homes: new Map([
      [pairName("a1", "b1"), "BG"],
      [pairName("a2", "b2"), "BG"],
      [pairName("a3", "b3"), "HU"],
    ]),
  },
  pairs: [pair("a1", "b1", 5, true), pair("a1", "b2", 4, false), pair("a3", "b3", -3, true)],
};

test("languages: recall is the true person's, false hits are those of the nationality stated", () => {
  const groups = byLanguage([RESULT], 0);
  expect(groups.map(({ group }) => group)).toEqual(["bg", "hu", "unknown"]);
  const [bg, hu, unknown] = groups;
  expect(bg).toMatchObject({ truePairs: 2, recall: 0.5, accusedRecords: 1, records: 3 });
  expect(hu).toMatchObject({ truePairs: 1, recall: 0, accusedRecords: 0, records: 2 });
  expect(unknown).toMatchObject({ truePairs: 0, accusedRecords: 1, records: 1, falseHitsPer1000: 1000 });
});

test("scripts: a pair's records are its share of all pairs of records", () => {
  const groups = byScripts([RESULT], 0);
  expect(groups.map(({ group }) => group)).toEqual(["Cyrillic–Cyrillic", "Cyrillic–Latin", "Latin–Latin"]);
  // Of nine pairs of records two are Cyrillic on both sides, five mixed, two Latin; six records in all.
  expect(groups.map(({ records }) => Number((records * 9).toFixed(6)))).toEqual([12, 30, 12]);
  expect(groups.map(({ accusedRecords }) => accusedRecords)).toEqual([2, 0, 0]);
  expect(groups.map(({ recall }) => recall)).toEqual([0, 1, 0]);
});

describe("the check", () => {
  const group = (name: string, recall: number, falseHitsPer1000: number, records = 10_000): GroupFigures => ({
    group: name,
    truePairs: 100,
    recall,
    recallStandardError: Math.sqrt((recall * (1 - recall)) / 100),
    accusedRecords: (falseHitsPer1000 * records) / 1000,
    records,
    falseHitsPer1000,
  });

  test("holds the lowest recall and the highest rate of false hits against those of all", () => {
    const check = checkGroups([group("bg", 0.9, 10), group("hu", 0.8, 10), group("sq", 0.85, 40)]);
    expect(check.overallRecall).toBeCloseTo(0.85, 12);
    expect(check).toMatchObject({ lowest: "hu", recallHolds: true, mostAccused: "sq", mostAccusedRatio: 2 });
    expect(check.falseHitsHold).toBe(true);
  });

  test("says apart when a gap is within chance", () => {
    const check = checkGroups([group("bg", 0.9, 10), group("hu", 0.76, 10), group("sq", 0.9, 10)]);
    expect(check).toMatchObject({ lowest: "hu", recallHolds: false, recallHoldsWithinError: true });
  });

  test("leaves out a group too small to have false hits expected", () => {
    const check = checkGroups([group("bg", 0.9, 10), group("el", 0.9, 100, 10)]);
    expect(check).toMatchObject({ mostAccused: "bg", falseHitsHold: true });
  });
});

test("a record's script is that of its names", () => {
  expect(["Petrović", "Петровић", "Παπαδόπουλος", "", "123"].map((name) => scriptOf(person("x", name, "")))).toEqual([
    "Latin",
    "Cyrillic",
    "Greek",
    "none",
    "none",
  ]);
  expect(scriptPair("Latin", "Cyrillic")).toBe(scriptPair("Cyrillic", "Latin"));
});
