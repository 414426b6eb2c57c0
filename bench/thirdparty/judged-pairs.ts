/**
 * The one yardstick for all systems: a file of weighed pairs against the truth, as `aquila evaluate` judges it.
 */
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { evaluate } from "#client/evaluation.ts";
import type { Quality } from "./line.ts";

/**
 * @param path - CSV whose first three columns are ref_a, ref_b and weight_bits; any weight that orders the pairs will do.
 * @throws Error if a weight is no number.
 */
export function judgePairs(path: string, truth: readonly (readonly [string, string])[]): Quality {
  const rows: string[][] = parse(readFileSync(path), { from_line: 2 });
  const pairs = rows.map(([refA = "", refB = "", weight = ""]) => {
    const weightBits = Number(weight);
    if (weight === "" || Number.isNaN(weightBits)) throw new Error(`${path}: a weight is no number`);
    return { refA, refB, weightBits, band: "" };
  });
  const { truePairs, candidatePairs, best, atPrecision95, atPrecision99 } = evaluate(pairs, truth);
  return {
    truePairs,
    pairs: candidatePairs,
    f1: best.f1,
    recallAt95: atPrecision95?.recall ?? null,
    recallAt99: atPrecision99?.recall ?? null,
  };
}
