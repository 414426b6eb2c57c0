/**
 * Why two records are, or are not, a candidate pair, and what each fact group adds to their match weight.
 * In: two lists in the clear and their link, or one hit of a round. Out: rules compared, additive terms, what is not known.
 * All of it stays at the party. docs/spec/matching.md
 */
import { sizeClassOf } from "#engine/batch/size-class.ts";
import type { CellMaker, RecordCells } from "#engine/encode/cells.ts";
import { DIGEST_BYTES } from "#engine/encode/digests.ts";
import { factKind } from "#engine/encode/fact-kinds.ts";
import { factsOf, type RecordFacts } from "#engine/encode/facts.ts";
import type { Information } from "#engine/encode/information.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import { visibilityOf, type Visibility } from "#engine/encode/visibility.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Band } from "#engine/match/band.ts";
import { weightsAt } from "#engine/match/threshold-weights.ts";
import { informationThreshold, weightTerms, type WeightTerm } from "#engine/match/weight.ts";
import type { Profile, Rule } from "#engine/profile.ts";
import { expectedRowCount, type ReleasedBand } from "#engine/round/descriptor.ts";
import type { Hit } from "#engine/round/package.ts";
import type { LinkResult } from "./link.ts";
import type { Vault } from "./vault.ts";

/** One record's row in its list, with every record that the row stands for. */
export type ExplainedRow = {
  readonly list: EncodedList;
  readonly row: number;
  readonly records: readonly PersonRecord[];
};

/** What the encoder does with records, made for the lists' profile. */
export type Encoder = { readonly makeCells: CellMaker; readonly information: Information };

/**
 * What became of one rule.
 * `missing`: a row lacks a fact of it; `differs`: no value in common. The others have one in common that did not meet:
 * `surplus`: beyond the rule's slots; `silenced`: shared with another row of its list; `thin`: below the threshold;
 * `withheld`: the rule is not for these two rows.
 */
export type RuleOutcome = "agrees" | "missing" | "differs" | "surplus" | "silenced" | "thin" | "withheld";

export type RuleComparison = {
  readonly rule: string;
  readonly outcome: RuleOutcome;
  /** At whom it lies that a fact is missing, or a key silenced. */
  readonly sides: readonly ("a" | "b")[];
  /** Names of the rule's facts, in its order. */
  readonly facts: readonly string[];
  /** Canonical values that both rows have, in the order of `facts`; each inner list is one combination. */
  readonly values: readonly (readonly string[])[];
  /** Information of the best common key, bits; null when there is none. */
  readonly bits: number | null;
};

/** One additive term, in millionths of a bit as `aquila link` rounds; `rules` granted its level. */
export type ExplainedTerm = WeightTerm & { readonly rules: readonly string[] };

export type PairExplanation = {
  readonly refsA: readonly string[];
  readonly refsB: readonly string[];
  readonly thresholdBits: number;
  readonly visibilityA: Visibility;
  readonly visibilityB: Visibility;
  readonly rules: readonly RuleComparison[];
  /** Null when the pair is no candidate. The bits of the terms sum to `weightBits` exactly. */
  readonly score: {
    readonly terms: readonly ExplainedTerm[];
    readonly weightBits: number;
    /** log2 of the prior odds. */
    readonly priorBits: number;
    readonly matchesPerRow: number;
    readonly probability: number;
    readonly band: Band;
  } | null;
};

/** A term that depends on whether the counterpart's row has the fact, which this party does not know. */
export type OpenTerm = { readonly group: string; readonly disagreeBits: number; readonly missingBits: number };

export type HitExplanation = {
  readonly round: string;
  readonly counterpart: string;
  readonly hit: string;
  readonly refs: readonly string[];
  readonly band: ReleasedBand;
  readonly rules: readonly string[];
  readonly terms: readonly ExplainedTerm[];
  readonly openTerms: readonly OpenTerm[];
  /** Least and most that the match weight can be. */
  readonly leastBits: number;
  readonly mostBits: number;
};

/**
 * @param ref - The party's own reference.
 * @param option - Named in the refusal.
 * @throws {@link LinkageError} `not-found`
 */
export function rowOfReference(list: EncodedList, ref: string, option: string): number {
  let row = 0;
  for (const { refs } of list.rows) {
    if (refs.includes(ref)) return row;
    row++;
  }
  throw new LinkageError("not-found", `${option}: the list has no such record, or it was refused`);
}

/** @param linked - Of the two rows' lists. */
export function explainPair(a: ExplainedRow, b: ExplainedRow, linked: LinkResult, encoder: Encoder): PairExplanation {
  const { profile } = a.list;
  const largerRowCount = Math.max(sizeClassOf(a.list.rows.length), sizeClassOf(b.list.rows.length));
  const thresholdBits = informationThreshold(profile, largerRowCount);
  const [refsA, refsB] = [refsOf(a), refsOf(b)];
  const pair = linked.pairs.find(({ refA, refB }) => refA === refsA[0] && refB === refsB[0]);
  const pattern = pair?.pattern ?? 0;
  const [classA, classB] = [a.list.classes[a.row] ?? 0, b.list.classes[b.row] ?? 0];
  return {
    refsA,
    refsB,
    thresholdBits,
    visibilityA: visibilityOf(a.list, largerRowCount)[a.row] ?? "thin",
    visibilityB: visibilityOf(b.list, largerRowCount)[b.row] ?? "thin",
    rules: compareRules(preparedRow(a, encoder), preparedRow(b, encoder), pattern, thresholdBits, encoder.information),
    score:
      pair === undefined
        ? null
        : {
            terms: exactTerms(
              explainedTerms(profile, weightTerms({ profile, thresholdBits }, pattern, classA, classB), pattern),
              pair.weightBits,
            ),
            weightBits: pair.weightBits,
            priorBits: linked.prior.logOddsBits,
            matchesPerRow: linked.prior.matchesPerRow,
            probability: pair.probability,
            band: pair.band,
          },
  };
}

/**
 * A hit that `aquila round results` opened, from its agreement pattern alone.
 *
 * @param profile - The round's.
 * @throws {@link LinkageError} `package-unavailable` if no pairing is open; `not-found` if it has no such hit.
 */
export function explainHit(vault: Vault, round: string, hitId: string, profile: Profile): HitExplanation {
  const descriptor = vault.descriptor(round);
  if (descriptor === null || !isOpened(vault, round))
    throw new LinkageError(
      "package-unavailable",
      `the vault has no results of round ${round}; run: aquila round results`,
    );
  const hit = hitIn(vault, round, hitId);
  if (hit === null) throw new LinkageError("not-found", `round ${round} has no such hit`);
  const refs = vault.readHandleMap(round, hit.counterpart, new Set([hit.handle])).get(hit.handle)?.refs ?? [];
  const rowCounts = [vault.identity.party, hit.counterpart].map((party) => expectedRowCount(descriptor, party));
  const model = { profile, thresholdBits: informationThreshold(profile, Math.max(...rowCounts)) };
  // Class 0 lists no facts: a group without a level that any row could lack comes back as missing.
  const terms = explainedTerms(profile, weightTerms(model, hit.pattern, 0, 0), hit.pattern);
  const isOpen = ({ level }: WeightTerm): boolean => level === "missing";
  const known = terms.filter((term) => !isOpen(term)).map((term) => ({ ...term, bits: micro(term.bits) / 1e6 }));
  const { groups } = weightsAt(profile, model.thresholdBits);
  const openTerms = terms.filter(isOpen).map(({ group, bits }): OpenTerm => {
    const disagreeBits = groups.find(({ id }) => id === group)?.disagreeBits ?? bits;
    return { group, disagreeBits: micro(disagreeBits) / 1e6, missingBits: micro(bits) / 1e6 };
  });
  const sumOf = (pick: (term: OpenTerm) => number): number =>
    (sumMicro(known) + openTerms.reduce((sum, term) => sum + micro(pick(term)), 0)) / 1e6;
  return {
    round,
    counterpart: hit.counterpart,
    hit: hit.hit,
    refs,
    band: hit.band,
    rules: agreedRules(profile, hit.pattern).map(({ id }) => id),
    terms: known,
    openTerms,
    leastBits: sumOf(({ disagreeBits, missingBits }) => Math.min(disagreeBits, missingBits)),
    mostBits: sumOf(({ disagreeBits, missingBits }) => Math.max(disagreeBits, missingBits)),
  };
}

function isOpened(vault: Vault, round: string): boolean {
  return (vault.pairings(round) ?? []).some(({ counterpart }) => vault.section(round, counterpart) !== null);
}

function hitIn(vault: Vault, round: string, id: string): (Hit & { readonly counterpart: string }) | null {
  for (const { counterpart } of vault.pairings(round) ?? []) {
    const found = vault.section(round, counterpart)?.hits.find(({ hit }) => hit === id);
    if (found !== undefined) return { ...found, counterpart };
  }
  return null;
}

type PreparedRow = {
  readonly list: EncodedList;
  readonly row: number;
  readonly facts: readonly RecordFacts[];
  readonly cells: RecordCells;
};

function preparedRow({ list, row, records }: ExplainedRow, { makeCells }: Encoder): PreparedRow {
  const facts = records.map((record) => factsOf(record));
  return { list, row, facts, cells: makeCells(facts) };
}

function compareRules(
  a: PreparedRow,
  b: PreparedRow,
  pattern: number,
  thresholdBits: number,
  information: Information,
): RuleComparison[] {
  return a.list.profile.rules.map((rule, index) => {
    const [valuesA, valuesB] = [a, b].map(({ facts }) => combinationsOf(rule, facts, information)) as [
      Map<string, string[]>,
      Map<string, string[]>,
    ];
    const values = [...valuesA].filter(([key]) => valuesB.has(key)).map(([, combination]) => combination);
    const [cellsA, cellsB] = [cellsOf(a, index), cellsOf(b, index)];
    const common = [...cellsA].filter(([digest]) => cellsB.has(digest));
    const bits = common.length === 0 ? null : Math.max(...common.map(([, found]) => found));
    const [keptA, keptB] = [keptCells(a, index), keptCells(b, index)];
    const met = common.filter(([digest]) => keptA.has(digest) && keptB.has(digest));
    const told = { rule: rule.id, facts: rule.facts, values, bits };
    const result = (outcome: RuleOutcome, isAtA = false, isAtB = false): RuleComparison => ({
      ...told,
      outcome,
      sides: [...(isAtA ? (["a"] as const) : []), ...(isAtB ? (["b"] as const) : [])],
    });
    if (((pattern >>> index) & 1) === 1) return result("agrees");
    if (valuesA.size === 0 || valuesB.size === 0) return result("missing", valuesA.size === 0, valuesB.size === 0);
    if (values.length === 0) return result("differs");
    if (common.length === 0) return result("surplus");
    if (met.length === 0) {
      const lost = common.map(([digest]) => [!keptA.has(digest), !keptB.has(digest)]);
      return result("silenced", lost.some(([atA]) => atA), lost.some(([, atB]) => atB)); // prettier-ignore
    }
    return result(met.every(([, found]) => found < thresholdBits) ? "thin" : "withheld");
  });
}

/** Every choice of one value for each fact of a rule, by the values joined. */
function combinationsOf(rule: Rule, facts: readonly RecordFacts[], information: Information): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const record of facts) {
    const alternatives = rule.facts.map((fact) => [
      ...new Set(factKind(fact)(record, information).map(({ value }) => value)),
    ]);
    let combinations: string[][] = [[]];
    for (const values of alternatives)
      combinations = combinations.flatMap((before) => values.map((value) => [...before, value]));
    for (const combination of combinations) found.set(JSON.stringify(combination), combination);
  }
  return found;
}

/** Cells of a row before the uniqueness rule: d in hexadecimal → bits. */
function cellsOf({ cells }: PreparedRow, rule: number): Map<string, number> {
  const found = new Map<string, number>();
  cells.rule.forEach((index, at) => {
    if (index === rule) found.set(hexDigest(cells.digests, at), cells.bits[at] as number);
  });
  return found;
}

/** Cells that the row keeps under the uniqueness rule, d in hexadecimal. */
function keptCells({ list, row }: PreparedRow, rule: number): Set<string> {
  const { owner, digests } = list.cells.read(rule);
  const kept = new Set<string>();
  for (let at = owner.indexOf(row); at !== -1; at = owner.indexOf(row, at + 1)) kept.add(hexDigest(digests, at));
  return kept;
}

function hexDigest(digests: Uint8Array, cell: number): string {
  return Buffer.from(digests.subarray(cell * DIGEST_BYTES, (cell + 1) * DIGEST_BYTES)).toString("hex");
}

function explainedTerms(profile: Profile, terms: readonly WeightTerm[], pattern: number): ExplainedTerm[] {
  const agreed = agreedRules(profile, pattern);
  return terms.map((term) => ({
    ...term,
    rules: agreed.filter(({ evidence }) => evidence[term.group] === term.level).map(({ id }) => id),
  }));
}

function agreedRules(profile: Profile, pattern: number): Rule[] {
  return profile.rules.filter((_, index) => ((pattern >>> index) & 1) === 1);
}

/** The terms in millionths of a bit; the threshold, a logarithm, takes what rounding leaves. */
function exactTerms(terms: readonly ExplainedTerm[], weightBits: number): ExplainedTerm[] {
  const left = micro(weightBits) - sumMicro(terms);
  if (Math.abs(left) > terms.length) throw new RangeError("the terms are not those of this pair's weight");
  return terms.map((term, at) => ({ ...term, bits: (micro(term.bits) + (at === 0 ? left : 0)) / 1e6 }));
}

function sumMicro(terms: readonly WeightTerm[]): number {
  return terms.reduce((sum, { bits }) => sum + micro(bits), 0);
}

function micro(bits: number): number {
  return Math.round(bits * 1e6);
}

function refsOf({ list, row }: ExplainedRow): readonly string[] {
  return list.rows.at(row).refs;
}
