/**
 * Person records as parties write them.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPlaceholder, LIST_FIELDS, parseDate, parsePerson, PERSON_FIELDS } from "#engine/encode/person.ts";
import { LinkageError } from "#engine/errors.ts";

function refusal(value: unknown, line = 7): string {
  try {
    parsePerson(value, line);
  } catch (error) {
    if (!(error instanceof LinkageError)) throw error;
    expect(error.code).toBe("record-invalid");
    return error.detail;
  }
  return "taken";
}

describe("dates", () => {
  test.each([
    ["1984-02-29", { year: 1984, month: 2, day: 29 }],
    ["19840229", { year: 1984, month: 2, day: 29 }],
    ["29.02.1984", { year: 1984, month: 2, day: 29 }],
    ["29/2/1984", { year: 1984, month: 2, day: 29 }],
    ["1.2.1984.", { year: 1984, month: 2, day: 1 }],
    [" 1984-02 ", { year: 1984, month: 2 }],
    ["1984", { year: 1984 }],
    ["1984-02-00", { year: 1984, month: 2 }],
    ["1984-00-00", { year: 1984 }],
    ["00.00.1984", { year: 1984 }],
    ["1984-00-15", { year: 1984 }],
    ["1850", { year: 1850 }],
    ["2100-12-31", { year: 2100, month: 12, day: 31 }],
  ])("%s is read", (text, date) => {
    expect(parseDate(text)).toEqual(date);
  });

  test.each([
    ["1984-25-12", { year: 1984, month: 12, day: 25 }],
    ["12/25/1984", { year: 1984, month: 12, day: 25 }],
    ["19842512", { year: 1984, month: 12, day: 25 }],
  ])("%s has day and month swapped", (text, date) => {
    expect(parseDate(text)).toEqual(date);
  });

  test.each([
    ["1983-02-29", { year: 1983, month: 2 }],
    ["1900-02-29", { year: 1900, month: 2 }],
    ["2000-02-29", { year: 2000, month: 2, day: 29 }],
    ["1984-04-31", { year: 1984, month: 4 }],
    ["1984-13", { year: 1984 }],
    ["1984-13-40", { year: 1984 }],
    ["1984-13-00", { year: 1984 }],
  ])("parts of %s that no calendar has are not known", (text, date) => {
    expect(parseDate(text)).toEqual(date);
  });

  test.each(["1849", "2101", "84", "1984-2-9", "29-02-1984", "Feb 1984", "1984/02/29", "", "１９８４"])(
    "%j is no date",
    (text) => {
      expect(parseDate(text)).toBeUndefined();
    },
  );

  test("every day of a year is read the same in all four forms", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("1850-01-01"), max: new Date("2100-12-31"), noInvalidDate: true }),
        (date) => {
          const iso = date.toISOString().slice(0, 10);
          const [year = "", month = "", day = ""] = iso.split("-");
          const forms = [
            iso,
            iso.replaceAll("-", ""),
            `${day}.${month}.${year}`,
            `${Number(day)}/${Number(month)}/${year}`,
          ];
          const known = { year: Number(year), month: Number(month), day: Number(day) };
          for (const form of forms) expect(parseDate(form)).toEqual(known);
        },
      ),
    );
  });
});

describe("placeholders", () => {
  test.each([
    "",
    "  ",
    "UNKNOWN",
    "Unbekannt",
    "nepoznat",
    "непознато",
    "неизвестно",
    "Necunoscut",
    "n/a",
    "NULL",
    "---",
    "?",
    "xxx",
  ])("%j says nothing", (text) => {
    expect(isPlaceholder(text)).toBe(true);
  });

  test.each(["Nepoznatić", "Nonev", "Xhevdet", "0", "unknown street"])("%j says something", (text) => {
    expect(isPlaceholder(text)).toBe(false);
  });

  test("a placeholder in place of a date is taken", () => {
    expect(refusal({ rec_id: "1", dob: "unknown", dob_to: "?", dob_alternatives: ["n/a"] })).toBe("taken");
  });
});

describe("a record", () => {
  test("needs a reference and nothing else", () => {
    const record = parsePerson({ rec_id: "R1" }, 1);
    for (const field of PERSON_FIELDS.filter((name) => name !== "rec_id"))
      expect(record[field]).toEqual(LIST_FIELDS.has(field) ? [] : "");
  });

  test("has null taken as unknown and a number as its text", () => {
    const record = parsePerson({ rec_id: 17, aliases: null, dob: null, information_accuracy: 3 }, 1);
    expect([record.rec_id, record.aliases, record.dob, record.information_accuracy]).toEqual(["17", [], "", "3"]);
  });

  test.each([
    ["no reference", { family_name: "A" }, "line 7: rec_id: of the wrong type or missing"],
    ["an empty reference", { rec_id: "" }, "line 7: rec_id: missing or empty"],
    ["an unknown field", { rec_id: "1", surname: "A" }, "line 7: unknown field surname"],
    [
      "an unknown field of unreadable name",
      { rec_id: "1", "<Петров>": "A" },
      "line 7: unknown field (unreadable name)",
    ],
    ["a text too long", { rec_id: "1", family_name: "a".repeat(201) }, "line 7: family_name: longer than allowed"],
    ["too many aliases", { rec_id: "1", aliases: Array(51).fill("a") }, "line 7: aliases: longer than allowed"],
    ["a long alias", { rec_id: "1", aliases: ["a", "a".repeat(201)] }, "line 7: aliases.1: longer than allowed"],
    ["one alias that is no list", { rec_id: "1", aliases: "a" }, "line 7: aliases: of the wrong type or missing"],
    [
      "a code that is none",
      { rec_id: "1", handling_code: "H4" },
      "line 7: handling_code: not one of the admitted codes",
    ],
    ["a category that is none", { rec_id: "1", category: "friend" }, "line 7: category: not one of the admitted codes"],
    ["a date that is none", { rec_id: "1", dob: "soon" }, "line 7: dob: not a date"],
    ["an end of a range that is none", { rec_id: "1", dob_to: "soon" }, "line 7: dob_to: not a date"],
    [
      "an alternative that is none",
      { rec_id: "1", dob_alternatives: ["1984", "x1"] },
      "line 7: dob_alternatives: not a date",
    ],
    ["a list", [], "line 7: a record is a JSON object"],
    ["null", null, "line 7: a record is a JSON object"],
    ["a text", "Petrov", "line 7: a record is a JSON object"],
  ])("is refused with line, field and reason for %s", (_, value, detail) => {
    expect(refusal(value)).toContain(detail);
  });

  test("never shows a value of a refused record", () => {
    const value = fc.oneof(
      fc.string({ minLength: 4, maxLength: 300, unit: "binary" }).filter((text) => text.trim().length >= 4),
      fc.stringMatching(/^[A-Z][a-z]{5,12}$/),
      fc.array(fc.stringMatching(/^[A-Z][a-z]{5,12}$/), { maxLength: 60 }),
    );
    // Words of the refusals themselves, such as "date", may occur as values.
    const words = new Set(
      "line field record missing empty wrong type longer than allowed characters values not one of the admitted codes a date write unknown unreadable name invalid JSON object".split(
        " ",
      ),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...PERSON_FIELDS), value), (fields) => {
        const detail = refusal(fields);
        for (const text of Object.values(fields).flat())
          if (!words.has(text) && !(PERSON_FIELDS as readonly string[]).includes(text))
            expect(detail.includes(text)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
