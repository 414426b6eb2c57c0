/**
 * Rules left out: one party's small list linked to another's.
 */
import { expect, test } from "vitest";
import { withoutRule } from "#bench/quality/ablation.ts";
import { encoderOf, linkBlind } from "#bench/quality/blind.ts";
import { pooledFigures } from "#bench/quality/figures.ts";
import { pairName, type Sample } from "#bench/quality/sample.ts";
import { parsePerson } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { smallRecords, smallTruth } from "../../client/encoded-lists.ts";

const SMALL: Sample = {
  name: "AT-HR",
  listA: smallRecords("AT"),
  listB: smallRecords("HR"),
  truth: new Set(smallTruth("AT", "HR").map(([refA, refB]) => pairName(refA, refB))),
  homes: new Map(),
};
const LINKED = linkBlind(SMALL, await encoderOf(SHIPPED_PROFILE));

test("with no rule left out, the result is the join's", () => {
  const whole = withoutRule(SHIPPED_PROFILE, LINKED, undefined);
  expect(whole.bridgingRows).toBe(LINKED.bridgingRows);
  expect(pooledFigures([whole]).best).toEqual(pooledFigures([LINKED]).best);
});

test("a pair that one rule alone found is gone without it; all others stay, and none gains a pair", () => {
  SHIPPED_PROFILE.rules.forEach((_, rule) => {
    const bit = (1 << rule) >>> 0;
    const rest = withoutRule(SHIPPED_PROFILE, LINKED, rule);
    const names = new Set(rest.pairs.map(({ refA, refB }) => pairName(refA, refB)));
    for (const { refA, refB, pattern } of LINKED.pairs) expect(names.has(pairName(refA, refB))).toBe(pattern !== bit);
    expect(names.size).toBe(LINKED.pairs.filter(({ pattern }) => pattern !== bit).length);
  });
});

test("a document that agrees is worth its weight: two records of nothing else in common are lost without it", async () => {
  const record = (rec_id: string, fields: object) => parsePerson({ rec_id, ...fields }, 1);
  const sample: Sample = {
    name: "document",
    listA: [record("a", { family_name: "Radovanjić", given_name: "Obrad", doc_number: "XK90817263" })],
    listB: [record("b", { family_name: "Szentgyörgyfalvi", given_name: "Zsófia", doc_number: "XK90817263" })],
    truth: new Set([pairName("a", "b")]),
    homes: new Map(),
  };
  const linked = linkBlind(sample, await encoderOf(SHIPPED_PROFILE));
  const document = SHIPPED_PROFILE.rules.findIndex(({ facts }) => facts.join() === "document");
  expect(pooledFigures([linked]).candidateRecall).toBe(1);
  expect(pooledFigures([withoutRule(SHIPPED_PROFILE, linked, document)]).candidateRecall).toBe(0);
});
