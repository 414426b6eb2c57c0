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

describe("a rule between dated rows of the lower party and undated ones of the higher", () => {
  const { carries, meet } = carriersOf({ ...rule, between: { fact: "birth-year", lower: "has", higher: "lacks" } });

  test("is carried by dated rows in the lower party's batch and by undated ones in the higher party's", () => {
    expect([carries(dated, "lower"), carries(undated, "lower")]).toEqual([true, false]);
    expect([carries(dated, "higher"), carries(undated, "higher")]).toEqual([false, true]);
  });

  test("lets a dated and an undated row meet, and no others", () => {
    expect([meet(dated, undated), meet(undated, dated)]).toEqual([true, true]);
    expect([meet(dated, dated), meet(undated, undated)]).toEqual([false, false]);
  });
});

test("a rule without such a condition is carried by all", () => {
  const { carries, meet, status } = carriersOf(rule);
  expect([carries(dated, "lower"), carries(undated, "higher"), meet(dated, dated)]).toEqual([true, true, true]);
  expect(status(dated)).toBe(status(undated));
});

test("an unknown fact in a condition is refused", () => {
  const between = { fact: "constructor", lower: "has", higher: "lacks" } as const;
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
