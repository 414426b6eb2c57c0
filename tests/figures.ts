/**
 * What a test has seen, for `npm run -s bench -- NAME --json`, which runs it (bench/trials.ts). BENCH=full makes such tests
 * as large as the figures that are quoted.
 */
import { appendFileSync } from "node:fs";
import { FIGURES_VARIABLE } from "#bench/trials.ts";

export const IS_FULL = process.env["BENCH"] === "full";

/** @param figures - Counts by outcome or name; times in milliseconds, sizes in MiB. */
export function reportFigures(trial: string, figures: Readonly<Record<string, number>>): void {
  const file = process.env[FIGURES_VARIABLE];
  const line = JSON.stringify({ trial, ...figures });
  if (file === undefined) console.log(line);
  else appendFileSync(file, `${line}\n`);
}
