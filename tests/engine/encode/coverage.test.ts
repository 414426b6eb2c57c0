/**
 * Coverage classes.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classOf, coverageBits, settleClasses } from "#engine/encode/coverage.ts";
import { factsOf } from "#engine/encode/facts.ts";
import { CLASSED_PROFILE, person } from "./lists.ts";

const factsIn = (coverage: number): readonly string[] => CLASSED_PROFILE.coverageClasses[coverage]?.facts ?? [];
const sizesOf = (classes: Uint8Array): number[] =>
  CLASSED_PROFILE.coverageClasses.map((_, index) => classes.filter((found) => found === index).length);

describe("a record's class", () => {
  test.each([
    [{}, []],
    [{ doc_number: "C01X00T47" }, []],
    [{ dob: "1980" }, ["birth-year"]],
    [{ dob: "1980", dob_quality: "approx" }, []],
    [{ dob: "1980", dob_quality: "range", dob_to: "1982" }, []],
    [{ dob: "1980-02" }, ["birth-year"]],
    [{ dob: "1980-01-01" }, ["birth-year"]],
    [{ dob: "1980-02-03" }, ["birth-year", "birth-date"]],
    [{ dob: "1980-02-03", phone: "5551234" }, ["birth-year", "birth-date", "identifier"]],
    [{ dob: "1980-02-03", online_ids: ["a@b"] }, ["birth-year", "birth-date", "identifier"]],
    [{ dob: "1980", birth_place: "Zagreb" }, ["birth-year", "place"]],
    [{ dob: "1980", address: "Ilica 1, 10000, Zagreb" }, ["birth-year", "place"]],
    [{ dob: "1980", birth_place: "unknown", phone: "0000000" }, ["birth-year"]],
    [
      { dob: "1980-02-03", birth_place: "Zagreb", doc_number: "C01X00T47" },
      ["birth-year", "birth-date", "place", "identifier"],
    ],
  ])("of %j has %j", (fields, wanted) => {
    expect(factsIn(classOf(CLASSED_PROFILE, coverageBits(factsOf(person(fields)))))).toEqual(wanted);
  });

  test("is refused when the profile names a fact that is none", () => {
    const coverageClasses = [
      { facts: [], mergesInto: null },
      { facts: ["constructor"], mergesInto: 0 },
    ];
    expect(() => classOf({ ...CLASSED_PROFILE, coverageClasses }, 0)).toThrow(/^profile-invalid/);
  });
});

describe("thin classes", () => {
  test("are none after settling, and no row gains a fact", () => {
    const sizes = fc.array(fc.oneof(fc.nat(25), fc.nat(200)), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(sizes, (drawn) => {
        const classes = Uint8Array.from(drawn.flatMap((count, index) => Array<number>(count).fill(index)));
        const settled = settleClasses(CLASSED_PROFILE, classes);
        const found = sizesOf(settled);
        expect(found.reduce((sum, count) => sum + count, 0)).toBe(classes.length);
        if (classes.length < 20) expect(settled.every((coverage) => coverage === 0)).toBe(true);
        else expect(found.filter((count) => count > 0 && count < 20)).toEqual([]);
        settled.forEach((coverage, row) => {
          const before = factsIn(classes[row] ?? 0);
          expect(factsIn(coverage).every((fact) => before.includes(fact))).toBe(true);
        });
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["a thin class goes where the profile says", { 5: 40, 7: 19 }, { 5: 59 }],
    ["a class that its own thin ones fill stays", { 1: 30, 4: 10, 5: 5, 6: 5 }, { 1: 30, 4: 20 }],
    ["thin ones go on until they are many", { 0: 20, 4: 10, 5: 5 }, { 0: 35 }],
    ["a thin class 0 takes in the next ones", { 0: 5, 1: 30, 4: 40 }, { 0: 35, 4: 40 }],
    ["enough rows stay as they are", { 0: 20, 3: 20, 7: 20 }, { 0: 20, 3: 20, 7: 20 }],
    ["fewer than twenty rows are class 0", { 3: 6, 7: 12 }, { 0: 18 }],
  ])("%s", (_, before, after) => {
    const rows = Object.entries(before).flatMap(([index, count]) => Array<number>(count).fill(Number(index)));
    const found = sizesOf(settleClasses(CLASSED_PROFILE, Uint8Array.from(rows)));
    expect(Object.fromEntries(found.map((count, index) => [index, count]).filter(([, count]) => count))).toEqual(after);
  });

  test("of no rows are none", () => {
    expect(settleClasses(CLASSED_PROFILE, new Uint8Array(0))).toEqual(new Uint8Array(0));
  });
});
