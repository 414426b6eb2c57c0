/**
 * Alignment by frequency, and the chance that it is held against.
 */
import { expect, test } from "vitest";
import { alignByProfile, alignByRank, chanceOf } from "#bench/attack/frequency-alignment.ts";
import { Draws } from "#fixtures/draws.ts";

test("values are aligned rank by rank within their kind, the commonest first", () => {
  const encoded = [
    { kind: 0, count: 2 },
    { kind: 1, count: 9 },
    { kind: 0, count: 5 },
    { kind: 2, count: 7 },
  ];
  const plain = [
    { kind: 0, count: 40 },
    { kind: 0, count: 60 },
    { kind: 1, count: 1 },
  ];
  expect(alignByRank(encoded, plain, 4)).toEqual([
    [1, 2],
    [2, 1],
    [0, 0],
  ]);
  expect(alignByRank(encoded, plain, 1)).toEqual([[1, 2]]);
});

test("a row goes to the nearest of its kind that can have had its counts, and each of them to one row", () => {
  const profiled = (kind: number, ...profile: number[]) => ({
    kind,
    count: profile.reduce((sum, count) => sum + count, 0),
    profile: Float64Array.from(profile),
  });
  const encoded = [profiled(0, 2, 1), profiled(0, 2, 0)];
  const plain = [profiled(0, 1, 1), profiled(0, 4, 1), profiled(1, 2, 1)];
  expect(alignByProfile(encoded, plain, 2)).toEqual([
    [0, 1],
    [1, 0],
  ]);
});

test("chance finds one of as many values as there are, and its bound holds where it is said to", () => {
  const plain = Array.from({ length: 50 }, () => ({ kind: 0, count: 1 }));
  const guesses = alignByRank(plain, plain, 50);
  const { mean, bound } = chanceOf(guesses, plain, (one, other) => one === other, 0.01, new Draws(1));
  expect(mean).toBeCloseTo(1, 1);
  // Fixed points of a permutation are nearly Poisson with mean 1: more than 3 in 1.9 %, more than 4 in 0.4 %.
  expect(bound).toBe(4);
});
