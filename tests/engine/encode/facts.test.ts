/**
 * Canonical facts of records.
 */
import { describe, expect, test } from "vitest";
import { factsOf } from "#engine/encode/facts.ts";
import { person } from "./lists.ts";

const facts = (fields: Record<string, unknown>) => factsOf(person(fields));

describe("names", () => {
  test("the record's own name stands before its aliases, in their order", () => {
    const { names } = facts({ family_name: "Petrov", given_name: "Ivan", aliases: ["Georgi Ivanov", "Vanja"] });
    expect(names.map(({ family, given }) => [family, given].map((tokens) => tokens.map(({ fold }) => fold)))).toEqual([
      [["petrov"], ["ivan"]],
      [["ivanov"], ["georgi"]],
      [["petrov"], ["vania"]],
    ]);
  });

  test("placeholders are no names", () => {
    expect(
      facts({ family_name: "UNKNOWN", given_name: "N.N.", patronymic: "unbekannt", aliases: ["?", "-"] }),
    ).toMatchObject({
      names: [],
    });
  });
});

describe("dates", () => {
  test("come with the alternatives behind them", () => {
    expect(facts({ dob: "1980-02-03", dob_alternatives: ["unknown", "1981", "4.5.1982"] }).dates).toEqual([
      { year: 1980, month: 2, day: 3 },
      { year: 1981 },
      { year: 1982, month: 5, day: 4 },
    ]);
  });

  test("say only the year on 1 January and when approximate", () => {
    expect(facts({ dob: "1980-01-01" }).dates).toEqual([{ year: 1980 }]);
    expect(facts({ dob: "1980-02-03", dob_quality: "approx" }).dates).toEqual([{ year: 1980, approximate: true }]);
  });

  test.each([
    ["1980", "1983", [1980, 1981, 1982, 1983]],
    ["1980-05", "1980-07", [1980]],
    ["1980", "1984", []],
    ["1983", "1980", []],
    ["?", "1980", []],
  ])("a range from %s to %s gives the years %j", (dob, dob_to, years) => {
    expect(facts({ dob, dob_to, dob_quality: "range" }).dates).toEqual(
      years.map((year) => ({ year, approximate: true })),
    );
  });

  test("a range keeps its alternatives, and without an end is a date", () => {
    const range = { dob: "1980", dob_to: "1981", dob_quality: "range", dob_alternatives: ["1990-02-03"] };
    expect(facts(range).dates).toEqual([
      { year: 1980, approximate: true },
      { year: 1981, approximate: true },
      { year: 1990, month: 2, day: 3 },
    ]);
    expect(facts({ dob: "1980-02-03", dob_to: "unknown", dob_quality: "range" }).dates).toHaveLength(1);
  });
});

describe("numbers", () => {
  test("documents are letters and digits in upper case, each once", () => {
    expect(facts({ doc_number: "c01 x-00 t47", documents: ["C01X00T47", "ab/123456"] }).documents).toEqual([
      "C01X00T47",
      "AB123456",
    ]);
  });

  test.each(["", "1234", "00000", "unknown", "XXXXXX", "111111", "- - -"])("%j is no document", (doc_number) => {
    expect(facts({ doc_number }).documents).toEqual([]);
  });

  test("telephone numbers agree on their last seven digits", () => {
    expect(facts({ phone: "+385 91/555-12-34", phones: ["0915551234", "00 385 91 555 1234"] }).phones).toEqual([
      "5551234",
    ]);
  });

  test.each(["", "123456", "0000000", "+385 99 999 9999", "unknown"])("%j is no telephone number", (phone) => {
    expect(facts({ phone }).phones).toEqual([]);
  });

  test("names online are compared without case, placeholders left out", () => {
    expect(facts({ online_ids: [" Ivan@Example.com", "ivan@example.com", "unknown", "?"] }).onlineIds).toEqual([
      "ivan@example.com",
    ]);
  });
});

describe("places", () => {
  test("a place of birth agrees across scripts", () => {
    const written = ["Скопје", "Skopje", "SKOPJE"].map((birth_place) => facts({ birth_place }).birthPlaces);
    expect(new Set(written.flat()).size).toBe(1);
  });

  test("an address in one field is street, postcode and locality", () => {
    const parts = { address_street: "Ilica 12", address_postcode: "HR-10000", address_locality: "Zagreb" };
    expect(facts({ address: "Ilica 12, HR-10000, Zagreb" }).address).toEqual(facts(parts).address);
    expect(facts(parts).address).toMatchObject({ postcode: "HR10000" });
    expect(facts(parts).address.street).toMatch(/^[a-z]+ 12$/);
  });

  test.each([
    [{ address_street: "12" }, "street"],
    [{ address_street: "unknown 12" }, "street"],
    [{ address_postcode: "unknown" }, "postcode"],
    [{ address_postcode: "0000" }, "postcode"],
    [{ address_locality: "nepoznato" }, "locality"],
  ])("%j says nothing of the %s", (fields, part) => {
    expect(facts(fields).address).toHaveProperty(part, "");
  });
});

test("an empty record gives no facts", () => {
  const { names, dates, documents, phones, onlineIds, birthPlaces } = facts({});
  expect([names, dates, documents, phones, onlineIds, birthPlaces].flat()).toEqual([]);
});
