/**
 * A list's own duplicates.
 */
import { describe, expect, test } from "vitest";
import type { PersonRecord } from "#engine/encode/person.ts";
import { encoded, generatedRecords, person } from "./lists.ts";

const FATHER = {
  rec_id: "father",
  family_name: "Hadžihasanović",
  given_name: "Muhamed",
  dob: "1950-03-14",
  birth_place: "Zenica",
};
const MILOS = {
  rec_id: "milos",
  family_name: "Stojadinović",
  given_name: "Miloš",
  dob: "1979-11-05",
  birth_place: "Kruševac",
  doc_number: "RS7712345",
  phone: "+381 60 5551234",
};

/** The persons among two hundred others. */
function groupsOf(...fields: Record<string, unknown>[]): string[][] {
  const records: PersonRecord[] = [...generatedRecords(200), ...fields.map(person)];
  return Array.from(encoded(records).rows, ({ refs }) => [...refs]);
}

function isMerged(...fields: Record<string, unknown>[]): boolean {
  const refs = fields.map(({ rec_id }) => rec_id);
  return groupsOf(...fields).some((group) => refs.every((ref) => group.includes(String(ref))));
}

describe("two records", () => {
  test("of one person become one row", () => {
    expect(isMerged(MILOS, { ...MILOS, rec_id: "again" })).toBe(true);
    expect(
      isMerged(MILOS, { ...MILOS, rec_id: "again", family_name: "СТОЈАДИНОВИЋ", given_name: "Милош", doc_number: "" }),
    ).toBe(true);
    expect(isMerged(MILOS, { ...MILOS, rec_id: "again", given_name: "Milos", dob: "", dob_quality: "" })).toBe(true);
  });

  test("with little in common but a telling name and year become one row, below high", () => {
    const bare = { rec_id: "bare", family_name: MILOS.family_name, given_name: MILOS.given_name, dob: "1979" };
    expect(isMerged(bare, { ...bare, rec_id: "again", given_name: "Милош" })).toBe(true);
  });

  test("of father and son stay two rows", () => {
    const son = { ...FATHER, rec_id: "son", dob: "1978-08-22" };
    expect(isMerged(FATHER, son)).toBe(false);
    expect(isMerged(FATHER, { ...son, given_name: "Senad" })).toBe(false);
  });

  test("of brothers and of namesakes stay two rows", () => {
    expect(
      isMerged(MILOS, {
        ...MILOS,
        rec_id: "brother",
        given_name: "Nebojša",
        dob: "1982-02-17",
        doc_number: "",
        phone: "",
      }),
    ).toBe(false);
    expect(
      isMerged(MILOS, {
        ...MILOS,
        rec_id: "namesake",
        dob: "1955-06-30",
        birth_place: "Niš",
        doc_number: "",
        phone: "",
      }),
    ).toBe(false);
  });
});

const NO_CODES = { reliability: "", accuracy: "", handling: "", riskIndicators: [] };

test("three records of one person become one row, in the order of the list", () => {
  const copies = ["a", "b", "c"].map((rec_id) => ({ ...MILOS, rec_id }));
  expect(groupsOf(...copies)).toContainEqual(["a", "b", "c"]);
});

test("who is merged does not depend on the order of the records", () => {
  const records = [...generatedRecords(300), ...["a", "b"].map((rec_id) => person({ ...MILOS, rec_id }))];
  const groups = (list: readonly PersonRecord[]): string[] =>
    Array.from(encoded(list).rows, ({ refs }) => refs.toSorted().join()).sort();
  expect(groups(records.toReversed())).toEqual(groups(records));
  expect(groups(records)).toContain("a,b");
});

test("pairs left apart are told with the rules that they silence, most first", () => {
  const twin = { ...MILOS, rec_id: "twin", given_name: "Marko", doc_number: "RS7712346" };
  const { report, rows } = encoded([...generatedRecords(200), person(MILOS), person(twin)]);
  if (rows.length === report.records)
    expect(report.silencing.map(({ refA, refB }) => [refA, refB])).toContainEqual(["milos", "twin"]);
  const counts = report.silencing.map(({ ruleCount }) => ruleCount);
  expect(counts.toSorted((one, other) => other - one)).toEqual(counts);
  for (const count of counts) expect(count).toBeGreaterThanOrEqual(2);
});

test("a list of one record or of none is its own rows", () => {
  expect([...encoded([person(MILOS)]).rows]).toEqual([{ refs: ["milos"], origins: [], handlingFacts: NO_CODES }]);
  expect([...encoded([]).rows]).toEqual([]);
});
