/** Precision and recall of a round against its truth. */
import { expect, test } from "vitest";
import type { ResultRow } from "#client/results.ts";
import { joinResults, qualityByBand, truePairs } from "../../demo/quality.ts";

const row = (hit: string, counterpart: string, band: ResultRow["band"], ...refs: string[]): ResultRow => ({
  refs,
  counterpart,
  hit,
  band,
  rules: [],
  finding: "waiting",
  accuracy: "",
  proposedAccuracy: null,
  notice: null,
  counterparts: 1,
});
const ref = (rec_id: string) => ({ party: rec_id.slice(0, 2), rec_id });

const results = new Map([
  ["AT", [row("1", "HR", "high", "AT-1", "AT-9"), row("2", "HR", "medium", "AT-2"), row("3", "HR", "low", "AT-3")]],
  ["HR", [row("2", "AT", "medium", "HR-7"), row("1", "AT", "high", "HR-1"), row("3", "AT", "low", "HR-3")]],
]);
const truth = truePairs([
  { person: "P-1", refs: [ref("AT-1"), ref("AT-9"), ref("HR-1")] },
  { person: "P-3", refs: [ref("HR-3"), ref("AT-3")] },
  { person: "P-4", refs: [ref("AT-4"), ref("HR-4")] },
  { person: "P-5", refs: [ref("AT-5"), ref("AT-6")] },
]);

test("true pairs are those of two lists; a party's own duplicates are none", () => {
  expect([...truth].sort()).toEqual(["AT-1 HR-1", "AT-3 HR-3", "AT-4 HR-4", "AT-9 HR-1"]);
});

test("a hit counts once, the pairs of records that it holds each; bands add up", () => {
  expect(qualityByBand(joinResults(results), truth)).toEqual([
    { downTo: "high", hits: 1, trueHits: 1, foundPairs: 2 },
    { downTo: "medium", hits: 2, trueHits: 1, foundPairs: 2 },
    { downTo: "low", hits: 3, trueHits: 2, foundPairs: 3 },
  ]);
});

test("a hit that its two owners do not see alike is refused", () => {
  const at = results.get("AT") ?? [];
  expect(() => joinResults(new Map([["AT", at]]))).toThrow("not in two packages");
  expect(() =>
    joinResults(
      new Map([
        ["AT", [row("1", "HR", "high", "AT-1")]],
        ["HR", [row("1", "AT", "low", "HR-1")]],
      ]),
    ),
  ).toThrow("see it differently");
});
