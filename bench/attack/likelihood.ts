/**
 * How likely a row of a known list is to touch the counterpart's rows as a row of the join does: the attacker learns it on
 * lists of his own, linked under a key of his own.
 * Agreement of each rule given how many cells travel and what the other rules say: Besag (1975), "Statistical Analysis of
 * Non-Lattice Data", The Statistician 24(3), pseudo-likelihood.
 */
import type { Profile } from "#engine/profile.ts";
import { cellsOf, type KnownList, type SeenRow } from "./known-list.ts";

export type Likelihood = {
  /** Natural logarithms, for one seen row: of every known row that can be it; others are left out. */
  readonly candidates: (seen: SeenRow) => { rows: Uint32Array; scores: Float64Array };
};

/** A seen row of the attacker's own join, and which of the rows that he knows it is. */
export type Example = { readonly seen: SeenRow; readonly row: number };

/** How much of what a rule is made of other rules say too: nothing, something, all. */
const WITNESSED = 3;
/** A rule has at most 8 slots. */
const COUNTS = 9;
const SMOOTHING = 0.5;

/** @param learnt - The attacker's own list of the same kind as `known`, with the rows of it that were touched. */
export function likelihoodOf(known: KnownList, learnt: { known: KnownList; examples: readonly Example[] }): Likelihood {
  const { profile, count, travelling, classes } = known;
  const ruleCount = profile.rules.length;
  const witnessedBy = witnesses(profile);
  const agreeing = agreementTable(learnt.known, learnt.examples, witnessedBy);
  const touching = touchTable(learnt.known, learnt.examples);
  const priors = Float64Array.from({ length: count }, (_, row) => touching(tellingRules(known, row)));
  const byClass = new Map<number, number[]>();
  classes.forEach((coverage, row) => {
    const rows = byClass.get(coverage);
    if (rows === undefined) byClass.set(coverage, [row]);
    else rows.push(row);
  });
  return {
    candidates: ({ coverage, cells }) => {
      const agreed = [...cells.keys()].filter((rule) => (cells[rule] as number) > 0);
      const witnessed = witnessedBy(cells);
      const [rows, scores]: [number[], number[]] = [[], []];
      for (const row of byClass.get(coverage) ?? []) {
        const first = row * ruleCount;
        if (agreed.some((rule) => (travelling[first + rule] as number) < (cells[rule] as number))) continue;
        let score = priors[row] as number;
        for (let rule = 0; rule < ruleCount; rule++)
          score += agreeing(rule, witnessed[rule] as number, travelling[first + rule] as number, cells[rule] as number);
        rows.push(row);
        scores.push(score);
      }
      return { rows: Uint32Array.from(rows), scores: Float64Array.from(scores) };
    },
  };
}

function tellingRules(known: KnownList, row: number): number {
  return cellsOf(known, row).reduce((sum, cells) => sum + Math.min(cells, 1), 0);
}

/** log P(touched | rules of which a cell travels). */
function touchTable(known: KnownList, examples: readonly Example[]): (rules: number) => number {
  const most = known.profile.rules.length + 1;
  const [all, touched] = [new Float64Array(most).fill(2 * SMOOTHING), new Float64Array(most).fill(SMOOTHING)];
  const raise = (counts: Float64Array, row: number): void => {
    const rules = tellingRules(known, row);
    counts[rules] = (counts[rules] as number) + 1;
  };
  for (let row = 0; row < known.count; row++) raise(all, row);
  for (const { row } of examples) raise(touched, row);
  return (rules) => Math.log((touched[rules] as number) / (all[rules] as number));
}

/** log P(cells that agree | rule, what other rules witness, cells that travel). */
function agreementTable(
  { profile, travelling }: KnownList,
  examples: readonly Example[],
  witnessedBy: (cells: Uint8Array) => Uint8Array,
): (rule: number, witnessed: number, travelling: number, agreeing: number) => number {
  const ruleCount = profile.rules.length;
  const at = (rule: number, witnessed: number, most: number, agreeing: number): number =>
    ((rule * WITNESSED + witnessed) * COUNTS + most) * COUNTS + agreeing;
  const counts = new Float64Array(at(ruleCount, 0, 0, 0));
  for (const { seen, row } of examples) {
    const witnessed = witnessedBy(seen.cells);
    seen.cells.forEach((agreeing, rule) => {
      const cell = at(rule, witnessed[rule] as number, travelling[row * ruleCount + rule] as number, agreeing);
      counts[cell] = (counts[cell] as number) + 1;
    });
  }
  for (let first = 0; first < counts.length; first += COUNTS) {
    const most = (first / COUNTS) % COUNTS;
    const own = counts.subarray(first, first + most + 1);
    const sum = own.reduce((total, count) => total + count + SMOOTHING, 0);
    own.forEach((count, agreeing) => (own[agreeing] = Math.log((count + SMOOTHING) / sum)));
  }
  return (rule, witnessed, most, agreeing) => counts[at(rule, witnessed, most, agreeing)] as number;
}

/** What facts speak of: several facts are forms of one name or of one date. */
function subjectOf(fact: string): string {
  if (fact === "birth-place") return fact;
  if (fact.startsWith("birth-")) return "date";
  return /^(pair|token|initials|family|given)/u.test(fact) ? "name" : fact;
}

function witnesses({ rules }: Profile): (cells: Uint8Array) => Uint8Array {
  const subjects = rules.map(({ facts }) => [...new Set(facts.map(subjectOf))]);
  return (cells) =>
    Uint8Array.from(subjects, (own, rule) => {
      const said = own.filter((subject) =>
        subjects.some((others, other) => other !== rule && (cells[other] as number) > 0 && others.includes(subject)),
      );
      return said.length === 0 ? 0 : said.length < own.length ? 1 : 2;
    });
}
