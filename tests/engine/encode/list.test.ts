/**
 * Encoded lists.
 */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { canonicalBytes } from "#engine/canonical-json.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { classOf } from "#engine/encode/coverage.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { CLASSED_PROFILE, digestsOf, encoded, generatedRecords, person } from "./lists.ts";

const RECORDS = generatedRecords(400);

/** For each rule the cells of the list, as reference, d and bits. */
function cellsByRef(list: EncodedList): string[][] {
  return SHIPPED_PROFILE.rules.map((_, rule) => {
    const column = list.cells.read(rule);
    const refs = Array.from(column.owner, (row) => list.rows.at(row).refs.toSorted().join("+"));
    return digestsOf(column)
      .map((digest, at) => `${refs[at] ?? ""} ${digest} ${column.bits[at] ?? 0}`)
      .sort();
  });
}

const MILOS = {
  family_name: "Stojadinović",
  given_name: "Miloš",
  dob: "1979-11-05",
  birth_place: "Kruševac",
  doc_number: "RS7712345",
  phone: "+381 60 5551234",
};
const copy = (rec_id: string, fields: Record<string, unknown>) => person({ ...MILOS, rec_id, ...fields });

describe("the order of records", () => {
  test("changes neither cells nor classes nor the report", () => {
    // Copies of one person with many aliases each: more cells than slots, whichever comes first.
    const doubles = [
      copy("x", { aliases: ["Miša Stojadinović", "Miki", "Nenad Savić"] }),
      copy("y", { aliases: ["Zoran Đokić", "Miloš Stojanović"], dob_alternatives: ["1979-05-11"] }),
      copy("z", { family_name: "Stojadinovic", sex: "M", doc_number: "" }),
    ];
    const records = [...RECORDS, ...doubles];
    const orders = [records, records.toReversed(), [...doubles.toReversed(), ...RECORDS]].map((order) =>
      encoded(order),
    );
    const [first, ...others] = orders;
    expect([...(first?.rows ?? [])].some(({ refs }) => refs.length === 3)).toBe(true);
    for (const other of others) {
      expect(cellsByRef(other)).toEqual(cellsByRef(first as EncodedList));
      expect(other.classes.toSorted()).toEqual(first?.classes.toSorted());
      expect({ ...other.report, silencing: [] }).toEqual({ ...first?.report, silencing: [] });
    }
  });
});

describe("a merged row", () => {
  const five = ["a", "b", "c", "d", "e"].map((rec_id, at) =>
    copy(rec_id, {
      origin_ref: rec_id === "c" ? "" : `O${at}`,
      handling_code: ["", "H1", "H3", "H0", "H2"][at],
      source_reliability: ["X", "", "C", "B", "B"][at],
      information_accuracy: ["4", "", "4", "3", ""][at],
      risk_indicators: at === 1 ? ["armed"] : at === 3 ? ["armed", "absconds"] : [],
    }),
  );

  test("keeps all references, four origins at most, the strictest handling code, the best founded 4×4 codes and all risk indicators", () => {
    const extra = copy("f", { origin_ref: "O0" });
    const more = copy("g", { origin_ref: "O9" });
    const { rows: packed, report } = encoded([...RECORDS, ...five, extra, more]);
    const rows = [...packed];
    expect(rows.find(({ refs }) => refs.includes("a"))).toEqual({
      refs: ["a", "b", "c", "d", "e", "f", "g"],
      origins: ["O0", "O1", "O3", "O4"],
      handlingFacts: {
        reliability: "B",
        accuracy: "3",
        handling: "H3",
        riskIndicators: ["absconds", "armed"],
      },
    });
    expect(report.merged).toBe(report.records - rows.length);
    expect(rows.flatMap(({ refs }) => refs)).toHaveLength(RECORDS.length + 7);
  });

  test("has the facts of all its records", () => {
    const list = encoded([...RECORDS, copy("a", { dob: "1979" }), copy("b", { birth_place: "" })]);
    const row = [...list.rows].findIndex(({ refs }) => refs.includes("b"));
    expect(list.rows.at(row).refs).toEqual(["a", "b"]);
    const { facts } = CLASSED_PROFILE.coverageClasses[classOf(CLASSED_PROFILE, list.coverage[row] ?? 0)] ?? {};
    expect(facts).toEqual(["birth-year", "birth-date", "place", "identifier"]);
  });
});

describe("the report", () => {
  test("counts each rule's cells before and after the uniqueness rule", () => {
    const { report, cells } = encoded(RECORDS);
    report.rules.forEach(({ rule, cells: made, unique }, index) => {
      expect(rule).toBe(SHIPPED_PROFILE.rules[index]?.id);
      expect(unique).toBe(cells.read(index).owner.length);
      expect(unique).toBeLessThanOrEqual(made);
    });
  });

  test("never says that a row's unique cells tell more than all its cells", () => {
    const { bestBits, bestUniqueBits } = encoded(RECORDS);
    bestUniqueBits.forEach((bits, row) => {
      expect(bits).toBeLessThanOrEqual(bestBits[row] ?? 0);
    });
  });
});

test("provenance is of case, category and legal basis alone", () => {
  const facts = { case_ref: "C-1", category: "suspect", legal_basis: "Art. 9" };
  const digest = createHash("sha256").update(canonicalBytes(facts)).digest();
  const list = encoded([person({ ...facts, family_name: "Petrov" })]);
  expect(Buffer.from(list.provenance).toString("hex")).toBe(digest.toString("hex"));
});

test("more records than are buffered at once are all there", () => {
  const records = generatedRecords(4100);
  const { report, cells, rows } = encoded(records);
  expect([report.records, [...rows].flatMap(({ refs }) => refs).length]).toEqual([4100, 4100]);
  const last = rows.length - 1;
  expect(SHIPPED_PROFILE.rules.some((_, rule) => cells.read(rule).owner.includes(last))).toBe(true);
});
