/**
 * How much likelier two rows of two joins are one row of a list than two: by class, and by how many cells of each rule agree
 * in both (Fellegi and Sunter 1969, with cells in place of fields). The attacker learns it on lists of his own.
 */
import type { SeenRow } from "./known-list.ts";

/** Rows of the attacker's own two joins, and which are one row. */
export type LinkExamples = {
  readonly first: readonly SeenRow[];
  readonly second: readonly SeenRow[];
  readonly same: readonly (readonly [SeenRow, SeenRow])[];
};

/** Counts from here on are one. */
const MOST = 4;
const SMOOTHING = 0.5;

/** @returns Natural logarithm of the likelihood ratio; −∞ for rows of two classes. */
export function linkScores({ first, second, same }: LinkExamples): (one: SeenRow, other: SeenRow) => number {
  const ruleCount = first[0]?.cells.length ?? 0;
  const countOf = ({ cells }: SeenRow, rule: number): number => Math.min(MOST, cells[rule] as number);
  const size = MOST + 1;
  const ratios = new Float64Array(ruleCount * size * size);
  for (let rule = 0; rule < ruleCount; rule++) {
    const shareOf = (rows: readonly SeenRow[], count: number): number =>
      (rows.filter((row) => countOf(row, rule) === count).length + SMOOTHING) / (rows.length + size * SMOOTHING);
    const [own, its] = [first, second].map((rows) => Array.from({ length: size }, (_, count) => shareOf(rows, count)));
    const both = new Float64Array(size * size);
    for (const [one, other] of same) {
      const cell = countOf(one, rule) * size + countOf(other, rule);
      both[cell] = (both[cell] as number) + 1;
    }
    both.forEach((count, cell) => {
      const apart = (own?.[Math.floor(cell / size)] as number) * (its?.[cell % size] as number);
      // Smoothed towards rows that have nothing to do with each other.
      ratios[rule * size * size + cell] = Math.log(
        (count + size * size * SMOOTHING * apart) / (same.length + size * size * SMOOTHING) / apart,
      );
    });
  }
  return (one, other) => {
    if (one.coverage !== other.coverage) return -Infinity;
    let score = 0;
    for (let rule = 0; rule < ruleCount; rule++)
      score += ratios[(rule * size + countOf(one, rule)) * size + countOf(other, rule)] as number;
    return score;
  };
}
