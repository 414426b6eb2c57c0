/**
 * Rules between rows that have a fact and rows that lack it.
 */
import { describe, expect, test } from "vitest";
import { carriersOf } from "#engine/encode/between.ts";
import { coverageBit } from "#engine/encode/coverage.ts";
import { keepUnique } from "#engine/encode/uniqueness.ts";
import { columnOf } from "./lists.ts";

const rule = { id: "name", slots: 1, facts: ["pair-root"], evidence: { name: "exact" } };
const dated = coverageBit("birth-year");
const undated = 0;

describe("a rule between rows of which one has a birth year and the other lacks it", () => {
  const { carries, turns, meet } = carriersOf({ ...rule, between: { fact: "birth-year", rows: "opposite" } });

  test("is carried by all, and turned so that only a dated and an undated row have equal keys", () => {
    expect([carries(dated), carries(undated)]).toEqual([true, true]);
    for (const one of [dated, undated])
      for (const other of [dated, undated])
        expect(turns(one, "lower") === turns(other, "higher"), `${one} ${other}`).toBe(one !== other);
  });

  test("never makes keys of a dated and an undated row of one batch equal", () => {
    for (const side of ["lower", "higher"] as const) expect(turns(dated, side)).not.toBe(turns(undated, side));
  });

  test("lets a dated and an undated row meet, and no others", () => {
    expect([meet(dated, undated), meet(undated, dated)]).toEqual([true, true]);
    expect([meet(dated, dated), meet(undated, undated)]).toEqual([false, false]);
  });
});

test("a rule between rows that both lack a birth year is carried by these alone", () => {
  const { carries, turns, meet } = carriersOf({ ...rule, between: { fact: "birth-year", rows: "lacking" } });
  expect([carries(dated), carries(undated)]).toEqual([false, true]);
  expect([turns(undated, "lower"), turns(undated, "higher")]).toEqual([false, false]);
  expect([meet(undated, undated), meet(dated, undated), meet(dated, dated)]).toEqual([true, false, false]);
});

test("a rule without such a condition is carried by all", () => {
  const { carries, turns, meet, status } = carriersOf(rule);
  expect([carries(dated), carries(undated), meet(dated, dated)]).toEqual([true, true, true]);
  expect(status(dated)).toBe(status(undated));
  expect([turns(dated, "lower"), turns(undated, "higher")]).toEqual([false, false]);
});

test("an unknown fact in a condition is refused", () => {
  const between = { fact: "constructor", rows: "opposite" } as const;
  expect(() => carriersOf({ ...rule, between })).toThrow(/^profile-invalid/);
});

test("rows of different status do not silence each other, rows of one status do", () => {
  const column = columnOf([
    { fact: "name", owner: 0 },
    { fact: "name", owner: 1 },
    { fact: "other", owner: 2 },
    { fact: "other", owner: 3 },
  ]);
  const rowOf = Uint32Array.of(0, 1, 2, 3);
  const unique = keepUnique(column, rowOf, 1, (row) => Number(row === 1));
  expect([...unique.owner].sort()).toEqual([0, 1]);
});
