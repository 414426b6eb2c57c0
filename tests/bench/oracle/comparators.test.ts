/**
 * The oracle's comparators, field by field.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDate } from "#engine/encode/person.ts";
import { compareBirthDates } from "#bench/oracle/birth-dates.ts";
import { withinOneEdit } from "#bench/oracle/similarity.ts";

describe("dates of birth", () => {
  test.each([
    ["1980-03-07", "1980-03-07", "exact"],
    ["1980-03-07", "1980-07-03", "swapped"],
    ["1980-03-07", "1980-03-17", "oneDigit"],
    ["1980-03-07", "1980-03-28", "onePart"],
    ["1980-03-07", "1981-03-07", "yearOff1"],
    ["1980-03-07", "1984-03-07", "yearOff5"],
    ["1980-03-07", "1930-03-07", "yearDigit"],
    ["1980-03-07", "1952-03-07", "dayMonth"],
    ["1980-03", "1980-03-07", "yearMonth"],
    ["1980", "1980-03-07", "year"],
    ["1980", "1981", "yearNear1"],
    ["1980", "1985-03-07", "yearNear5"],
    ["1980", "1990", "yearFar"],
    ["1980-03-07", "1980-11-28", "fullYear"],
    ["1980-03-07", "1999-11-28", "fullFar"],
  ])("%s and %s: %s", (one, other, level) => {
    const dates = (text: string) => ({ dates: [parseDate(text) ?? { year: 0 }], isApproximate: false });
    expect(compareBirthDates(dates(one), dates(other))).toBe(level);
    expect(compareBirthDates(dates(other), dates(one))).toBe(level);
  });

  test("the best of several alternatives counts, and none is no comparison", () => {
    const several = { dates: [{ year: 1970 }, { year: 1980, month: 3, day: 7 }], isApproximate: false };
    expect(compareBirthDates(several, { dates: [{ year: 1980, month: 3, day: 7 }], isApproximate: false })).toBe(
      "exact",
    );
    expect(compareBirthDates(several, { dates: [], isApproximate: false })).toBeUndefined();
  });
});

describe("one edit", () => {
  const Digits = fc.stringMatching(/^[0-9]{4,9}$/);

  test("a replaced, lost or changed-over character is one", () => {
    fc.assert(
      fc.property(Digits, fc.nat(), (text, place) => {
        const at = place % (text.length - 1);
        const replaced = `${text.slice(0, at)}X${text.slice(at + 1)}`;
        const lost = text.slice(0, at) + text.slice(at + 1);
        const changedOver = `${text.slice(0, at)}${text.charAt(at + 1)}${text.charAt(at)}${text.slice(at + 2)}`;
        for (const edited of [replaced, lost, changedOver]) {
          expect(withinOneEdit(text, edited)).toBe(true);
          expect(withinOneEdit(edited, text)).toBe(true);
        }
      }),
    );
  });

  test("two are not", () => {
    expect(withinOneEdit("123456", "1X3X56")).toBe(false);
    expect(withinOneEdit("123456", "1234")).toBe(false);
  });
});
