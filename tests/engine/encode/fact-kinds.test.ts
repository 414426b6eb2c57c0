/**
 * Fact kinds: values and bits.
 */
import { describe, expect, test } from "vitest";
import { factKind } from "#engine/encode/fact-kinds.ts";
import { factsOf } from "#engine/encode/facts.ts";
import { informationOf } from "#engine/encode/information.ts";
import { LinkageError } from "#engine/errors.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { person } from "./lists.ts";

const values = (bits: Record<string, number>, rareBits: number) => ({ bits, rareBits });
const INFORMATION = informationOf({
  format: "aquila/frequencies/v1",
  source: "made for this test",
  skeletons: values({ ptrf: 5 }, 10),
  roots: values({ petrov: 6, ivan: 4 }, 11),
  birthYears: values({ "1980": 5 }, 7),
  places: values({}, 8),
});

function alternatives(kind: string, fields: Record<string, unknown>): [string, number][] {
  return factKind(kind)(factsOf(person(fields)), INFORMATION).map(({ value, bits }) => [
    value,
    Number(bits.toFixed(4)),
  ]);
}

const valuesOf = (kind: string, fields: Record<string, unknown>): string[] =>
  alternatives(kind, fields).map(([value]) => value);

const IVAN = { family_name: "Petrov", given_name: "Ivan" };

describe("names", () => {
  test("a pair has both words in alphabetical order and two bits less than their sum", () => {
    expect(alternatives("pair-root", IVAN)).toEqual([["ivan petrov", 8]]);
    expect(alternatives("pair-root", { family_name: "Ivan", given_name: "Petrov" })).toEqual([["ivan petrov", 8]]);
  });

  test("two words in one field are a pair when the other field is empty", () => {
    expect(valuesOf("pair-root", { family_name: "Ivan Petrov" })).toEqual(["ivan petrov"]);
    expect(valuesOf("pair-root", { family_name: "Petrov" })).toEqual([]);
  });

  test("every family word goes with every given word, aliases behind", () => {
    expect(valuesOf("pair-root", { family_name: "Petrov Ivanov", given_name: "Ivan", aliases: ["Zdenko"] })).toEqual([
      "ivan petrov",
      "ivan ivanov",
      "petrov zdenko",
      "ivanov zdenko",
    ]);
  });

  test("an initial is no word of a pair, but an initial", () => {
    const fields = { family_name: "Petrov", given_name: "I." };
    expect(valuesOf("pair-root", fields)).toEqual([]);
    expect(valuesOf("token-initial", fields)).toHaveLength(1);
  });

  test("single words carry the bits of the table, rare ones the bits of rare ones", () => {
    const [petrov, zdenko] = alternatives("token-skeleton", { ...IVAN, given_name: "Zdenko" });
    expect([petrov, zdenko?.[1]]).toEqual([["ptrf", 5], 10]);
  });

  test("given names one edit apart share an end beside the family name", () => {
    const [one, other, third] = ["Branko", "Brakno", "Zdenka"].map((given_name) =>
      valuesOf("given-ends-family", { ...IVAN, given_name }),
    );
    expect(one).toHaveLength(2);
    expect(one?.some((value) => other?.includes(value))).toBe(true);
    expect(one?.some((value) => third?.includes(value))).toBe(false);
  });

  test("one whole name and the other's initial stand both ways round, whichever field they are in", () => {
    const values = valuesOf("token-initial", IVAN);
    expect(values).toHaveLength(2);
    expect(valuesOf("token-initial", { ...IVAN, given_name: "I." })).toEqual(values.slice(0, 1));
    const swapped = { ...IVAN, family_name: "Ivan", given_name: "Petrov" };
    expect(valuesOf("token-initial", swapped).toSorted()).toEqual(values.toSorted());
    expect(valuesOf("initials", swapped)).toEqual(valuesOf("initials", IVAN));
  });
});

describe("dates", () => {
  const born = { dob: "1980-02-03" };
  const day = Math.log2(365);
  test.each([
    ["birth-date", "1980-2-3", 5 + day],
    ["birth-day-month", "2-3", day],
    ["birth-year", "1980", 5],
  ])("%s is %s", (kind, value, bits) => {
    expect(alternatives(kind, born)).toEqual([[value, Number(bits.toFixed(4))]]);
  });

  test("a year alone has no day and no month", () => {
    for (const kind of ["birth-date", "birth-day-month"]) expect(valuesOf(kind, { dob: "1980" })).toEqual([]);
  });

  test("years one apart always share a window, years four apart never", () => {
    const windows = (year: number): string[] => valuesOf("birth-year-window", { dob: String(year) });
    for (let year = 1900; year < 2000; year++) {
      expect(windows(year)).toHaveLength(2);
      expect(windows(year).some((value) => windows(year + 1).includes(value))).toBe(true);
      expect(windows(year).some((value) => windows(year + 4).includes(value))).toBe(false);
    }
  });
});

describe("numbers and places", () => {
  test("carry their fixed bits", () => {
    expect(alternatives("document", { doc_number: "12345" })).toEqual([
      ["12345", Number((5 * Math.log2(10)).toFixed(4))],
    ]);
    expect(alternatives("document", { doc_number: "123456789" })).toEqual([["123456789", 26]]);
    expect(alternatives("phone", { phone: "5551234" })).toEqual([["5551234", 20]]);
    expect(alternatives("online-id", { online_ids: ["a@b"] })).toEqual([["a@b", 24]]);
    expect(alternatives("postcode", { address_postcode: "10 000" })).toEqual([["10000", 9]]);
    expect(alternatives("birth-place", { birth_place: "Zagreb" })[0]?.[1]).toBe(6);
  });
});

test("every fact of the shipped profile is known, an unknown one is refused", () => {
  for (const name of SHIPPED_PROFILE.rules.flatMap((rule) => rule.facts)) expect(() => factKind(name)).not.toThrow();
  expect(() => factKind("shoe-size")).toThrow(new LinkageError("profile-invalid", "no such fact: shoe-size"));
  expect(() => factKind("constructor")).toThrow(LinkageError);
});

test("an empty record has no alternative of any kind", () => {
  for (const name of SHIPPED_PROFILE.rules.flatMap((rule) => rule.facts)) expect(valuesOf(name, {})).toEqual([]);
});
