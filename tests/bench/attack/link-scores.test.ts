/**
 * Whether rows of two joins are one row of a list.
 */
import { expect, test } from "vitest";
import { linkScores } from "#bench/attack/link-scores.ts";
import type { SeenRow } from "#bench/attack/known-list.ts";

const row = (coverage: number, ...cells: number[]): SeenRow => ({ coverage, cells: Uint8Array.from(cells) });

test("rows that agree on what rows of one person share score higher, and rows of two classes are never one", () => {
  const first = [row(0, 1, 0), row(0, 0, 1), row(0, 1, 1)];
  const scoreOf = linkScores({ first, second: first, same: first.map((own) => [own, own]) });
  expect(scoreOf(row(0, 1, 0), row(0, 1, 0))).toBeGreaterThan(scoreOf(row(0, 1, 0), row(0, 0, 1)));
  expect(scoreOf(row(0, 1, 0), row(1, 1, 0))).toBe(-Infinity);
});
