/**
 * Guesses of which candidate each node is, and what they are counted as.
 */
import { describe, expect, test } from "vitest";
import { judgeGuesses, scaledGuesses, type Guess } from "#bench/attack/guess.ts";

const scored = (node: number, scores: Readonly<Record<number, number>>) => ({
  node,
  candidates: Uint32Array.from(Object.keys(scores), Number),
  scores: Float64Array.from(Object.values(scores)),
});
const bestOf = ({ candidates, probabilities }: Guess): number | undefined =>
  candidates[probabilities.indexOf(Math.max(...probabilities))];

describe("scaledGuesses", () => {
  test("gives a candidate that two nodes like best to the one that has no other", () => {
    const guesses = scaledGuesses([scored(0, { 5: 1, 6: 0.5 }), scored(1, { 5: 1 })], 10);
    expect(guesses.map(bestOf)).toEqual([6, 5]);
  });

  test("leaves a candidate to its node when no other wants it, with probabilities that sum to 1", () => {
    const [guess] = scaledGuesses([scored(0, { 1: 2, 2: 1, 3: 0 })], 4);
    const sum = Math.exp(2) + Math.exp(1) + 1;
    [2, 1, 0].forEach((score, at) => {
      expect(guess?.probabilities[at]).toBeCloseTo(Math.exp(score) / sum, 9);
    });
  });
});

describe("judgeGuesses", () => {
  const guess = (node: number, probabilities: Readonly<Record<number, number>>): Guess => ({
    node,
    candidates: Uint32Array.from(Object.keys(probabilities), Number),
    probabilities: Float64Array.from(Object.values(probabilities)),
  });
  const isSame = (node: number, candidate: number): boolean => node === candidate;

  test("counts the best guess, and shares it among equally good ones", () => {
    expect(judgeGuesses([guess(1, { 1: 0.6, 2: 0.4 })], isSame).right).toBe(1);
    expect(judgeGuesses([guess(1, { 1: 0.4, 2: 0.6 })], isSame).right).toBe(0);
    expect(judgeGuesses([guess(1, { 1: 0.4, 2: 0.4, 3: 0.2 })], isSame).right).toBe(0.5);
    expect(judgeGuesses([guess(1, {})], isSame).right).toBe(0);
  });

  test("counts as certain only a single candidate that is right", () => {
    const judged = judgeGuesses([guess(1, { 1: 1 }), guess(2, { 3: 1 }), guess(4, { 4: 0.95, 5: 0.05 })], isSame);
    expect(judged).toMatchObject({ certain: 1, claimed: 3, claimedRight: 2, narrowed: 2 });
  });

  test("narrows a row to ten candidates, not to eleven, and not to ten that lack the right one", () => {
    const among = (from: number, count: number): Guess =>
      guess(0, Object.fromEntries(Array.from({ length: count }, (_, at) => [from + at, 1 / count])));
    expect(judgeGuesses([among(0, 10)], isSame).narrowed).toBe(1);
    expect(judgeGuesses([among(0, 11)], isSame).narrowed).toBe(0);
    expect(judgeGuesses([among(1, 10)], isSame).narrowed).toBe(0);
  });
});
