/**
 * The oracle in the clear: better than one field alone, the same on every run, and blind to no true pair.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { comparandLists } from "#bench/oracle/comparand.ts";
import { forBlockedPairs } from "#bench/oracle/blocking.ts";
import { labelledLists } from "#bench/oracle/fitting-lists.ts";
import { fitOracle, linkInTheClear, OracleModel, type LabelledLists } from "#bench/oracle/oracle.ts";
import { generateTraced, type FixtureOptions } from "#fixtures/people.ts";
import { evaluate, type WeighedPair } from "#client/evaluation.ts";

const FITTED = [
  labelledLists({ seed: 7401, recordsPerParty: 300, parties: ["RS", "BG"], overlap: 0.4, preset: "medium" }),
  labelledLists({ seed: 7402, recordsPerParty: 300, parties: ["HR", "AL"], overlap: 0.4, preset: "life" }),
];
const OPTIONS = {
  medium: { seed: 7403, recordsPerParty: 600, parties: ["MK", "HU"], overlap: 0.4, preset: "medium" },
  life: { seed: 7404, recordsPerParty: 600, parties: ["RO", "SI"], overlap: 0.4, preset: "life" },
} as const;
const EVALUATED = { medium: labelledLists(OPTIONS.medium), life: labelledLists(OPTIONS.life) };
const PRESETS = ["medium", "life"] as const;

let model: OracleModel;
beforeAll(() => {
  model = fitOracle(FITTED);
});

function bestF1(pairs: readonly WeighedPair[], truth: ReadonlySet<string>): number {
  const refs = [...truth].map((pair): [string, string] => pair.split("\u0000") as [string, string]);
  return evaluate(pairs, refs).best.f1;
}

/** References of records that hold another person's name: without a date of birth they share nothing with the true one. */
function falselyNamed(options: FixtureOptions): Set<string> {
  const traced = options.parties.flatMap((party) => [...generateTraced(options, party)]);
  return new Set(traced.flatMap(({ record, report }) => (report.errors.includes("false-name") ? [record.rec_id] : [])));
}

/** Pairs whose field is known on both sides and written alike. */
function equalField({ listA, listB }: LabelledLists, field: "dob" | "family_name" | "doc_number"): WeighedPair[] {
  return listA.flatMap((a) =>
    listB
      .filter((b) => a[field] !== "" && a[field] === b[field])
      .map((b) => ({ refA: a.rec_id, refB: b.rec_id, weightBits: 1, band: "high" })),
  );
}

describe.each(PRESETS)("on fictional people of preset %s", (preset) => {
  const lists = EVALUATED[preset];

  test("the oracle finds far more than any one field written alike", () => {
    const { pairs } = linkInTheClear(model, lists.listA, lists.listB);
    const found = bestF1(pairs, lists.truth);
    expect(found).toBeGreaterThan(0.85);
    for (const field of ["dob", "family_name", "doc_number"] as const)
      expect(found).toBeGreaterThan(bestF1(equalField(lists, field), lists.truth) + 0.2);
  });

  test("blocking loses next to no true pair but under a false name, and spares most comparisons", () => {
    const comparands = comparandLists(lists.listA, lists.listB);
    const blocked = new Set<string>();
    const visited = forBlockedPairs(comparands, (a, b) => {
      blocked.add(`${comparands.listA[a]?.ref ?? ""}\u0000${comparands.listB[b]?.ref ?? ""}`);
    });
    const recall = (pairs: readonly string[]): number =>
      pairs.filter((pair) => blocked.has(pair)).length / pairs.length;
    const falsely = falselyNamed(OPTIONS[preset]);
    const pairs = [...lists.truth];
    expect(recall(pairs.filter((pair) => !pair.split("\u0000").some((ref) => falsely.has(ref))))).toBeGreaterThan(
      0.999,
    );
    expect(recall(pairs)).toBeGreaterThan(0.995);
    expect(visited).toBeLessThan(0.3 * lists.listA.length * lists.listB.length);
  });
});

test("the same samples give the same model, and the same lists the same pairs", () => {
  expect(fitOracle(FITTED)).toEqual(model);
  const { listA, listB } = EVALUATED.medium;
  const again = OracleModel.parse(JSON.parse(JSON.stringify(model)));
  expect(linkInTheClear(again, listA, listB)).toEqual(linkInTheClear(model, listA, listB));
});

test("lists that share nobody get next to nothing of certainty", () => {
  const { listA } = EVALUATED.medium;
  const { listB } = labelledLists({
    seed: 7405,
    recordsPerParty: 500,
    parties: ["MK", "HU"],
    overlap: 0,
    preset: "medium",
  });
  const { pairs } = linkInTheClear(model, listA, listB);
  expect(pairs.filter(({ band }) => band === "high").length).toBeLessThanOrEqual(2);
});

test("an empty list has no pairs", () => {
  expect(linkInTheClear(model, [], EVALUATED.life.listB)).toMatchObject({ pairs: [], blockedPairs: 0 });
});
