/**
 * An explanation in words and as a waterfall.
 * In: the explanation of a pair or of a hit. Out: text for a terminal, and the bars of the picture.
 */
import type { PersonRecord } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { ExplainedTerm, HitExplanation, OpenTerm, PairExplanation, RuleComparison } from "./explain.ts";
import { RESULT_NOTE } from "./results.ts";
import { waterfallLines, type Bar, type Edge, type Waterfall } from "./waterfall.ts";

const THRESHOLD_NOTE = "threshold: any key that travels is at least this rare. intercept: the model's constant.";
const SHOWN_VALUES = 4;

/** @returns The whole explanation; it holds facts of both records in the clear. */
export function pairText(
  explanation: PairExplanation,
  recordsA: readonly PersonRecord[],
  recordsB: readonly PersonRecord[],
): string {
  const { refsA, refsB, rules, score } = explanation;
  const agreed = rules.filter(({ outcome }) => outcome === "agrees");
  const others = rules.filter(({ outcome }) => outcome !== "agrees");
  const head =
    score === null ? "no candidate pair" : `${score.band}, match probability ${score.probability.toFixed(6)}`;
  return [
    `A ${refsA.join(" | ")}  and  B ${refsB.join(" | ")}: ${head}`,
    ...recordsA.map((record) => `  A  ${recordLine(record)}`),
    ...recordsB.map((record) => `  B  ${recordLine(record)}`),
    ...(score === null ? ["", ...noCandidateLines(explanation)] : []),
    ...(agreed.length === 0
      ? []
      : ["", "rules that agreed, with the facts that both hashed:", ...agreed.map(agreedLine)]),
    "",
    "rules that did not agree:",
    ...others.map((rule) => `  ${rule.rule.padEnd(ruleWidth(rules))}  ${outcomeText(rule, explanation.thresholdBits)}`),
    ...(score === null ? [] : ["", ...scoreLines(explanation, score)]),
    "",
  ].join("\n");
}

/** @returns Null when the pair is no candidate. It names references and no facts. */
export function pairWaterfall({ refsA, refsB, score }: PairExplanation): Waterfall | null {
  if (score === null) return null;
  return {
    title: `${refsA.join(" | ")}  and  ${refsB.join(" | ")}`,
    subtitle: `Match weight ${score.weightBits.toFixed(6)} bits; match probability ${score.probability.toFixed(6)}, band ${score.band}; a ${RESULT_NOTE}`,
    bars: scoreBars(score),
    edges: bandEdges(),
    edgesFrom: score.terms.length + 2,
    footnotes: [THRESHOLD_NOTE, "odds: weight and prior together, log2; a band begins where the dashed lines stand."],
  };
}

/** @returns The whole explanation; it holds own references. */
export function hitText(explanation: HitExplanation): string {
  const { refs, counterpart, band, hit, round, rules, openTerms, leastBits, mostBits } = explanation;
  return [
    `${refs.join(" | ")}  and a record of ${counterpart}: ${band}; a ${RESULT_NOTE}`,
    `  hit ${hit} of round ${round}`,
    "",
    `rules that agreed: ${rules.join(", ")}`,
    "",
    "match weight, bits:",
    ...waterfallLines(hitBars(explanation)).map((line) => `  ${line}`),
    "",
    THRESHOLD_NOTE,
    ...(openTerms.length === 0
      ? []
      : [
          "not known here:",
          ...openTerms.map((term) => `  ${openText(term)}`),
          `Whether such a fact disagrees or is missing depends on what the record of ${counterpart} has, its coverage class,`,
          "which only the secretariat's engine saw.",
        ]),
    `The weight lies between ${leastBits.toFixed(6)} and ${mostBits.toFixed(6)} bits.`,
    "The band is the engine's, from the exact weight and the pairing's prior.",
    "",
  ].join("\n");
}

/** @returns It names own references and no facts. */
export function hitWaterfall(explanation: HitExplanation): Waterfall {
  const { refs, counterpart, band, hit, leastBits, mostBits } = explanation;
  return {
    title: `${refs.join(" | ")}  and a record of ${counterpart}`,
    subtitle: `Hit ${hit}: band ${band}, match weight between ${leastBits.toFixed(2)} and ${mostBits.toFixed(2)} bits; a ${RESULT_NOTE}`,
    bars: hitBars(explanation),
    edges: [],
    edgesFrom: 0,
    footnotes: [
      THRESHOLD_NOTE,
      "Hatched: whether the fact disagrees or is missing depends on the counterpart's record and is not known here.",
    ],
  };
}

type Score = NonNullable<PairExplanation["score"]>;

function scoreLines({ rules }: PairExplanation, score: Score): string[] {
  const { terms, weightBits, priorBits, matchesPerRow, probability, band } = score;
  const width = Math.max(...terms.map(({ group, level }) => `${group}: ${level}`.length));
  const granted = terms.filter((term) => term.rules.length > 0);
  const edge = band === "none" ? "below low" : `from ${SHIPPED_PROFILE.bands[band]}`;
  return [
    "match weight, bits:",
    ...waterfallLines(scoreBars(score)).map((line) => `  ${line}`),
    "",
    ...granted.map(({ group, level, rules: by }) => `  ${`${group}: ${level}`.padEnd(width)}  by ${by.join(", ")}`),
    ...(granted.length === 0 ? [] : [""]),
    `weight ${weightBits.toFixed(6)} bits, as aquila link writes it: the sum of the terms, of which each fact group gives one`,
    `prior ${priorBits.toFixed(6)} bits: ${matchesPerRow.toFixed(4)} matches a row of the smaller list, estimated on these two lists`,
    `match probability ${probability.toFixed(6)}: ${band} (${edge}); ${rules.filter(({ outcome }) => outcome === "agrees").length} of ${rules.length} rules agreed`,
    `It is a ${RESULT_NOTE}.`,
    THRESHOLD_NOTE,
  ];
}

function scoreBars({ terms, weightBits, priorBits }: Score): Bar[] {
  const posterior = weightBits + priorBits;
  return [
    ...termBars(terms),
    { label: "match weight", note: "", kind: "total", fromBits: 0, toBits: weightBits },
    { label: "prior", note: "odds before looking", kind: "term", fromBits: weightBits, toBits: posterior },
    { label: "odds", note: "weight and prior", kind: "total", fromBits: 0, toBits: posterior },
  ];
}

function hitBars({ terms, openTerms, leastBits, mostBits }: HitExplanation): Bar[] {
  const known = termBars(terms);
  let least = known.at(-1)?.toBits ?? 0;
  let most = least;
  const open = openTerms.map(({ group, disagreeBits, missingBits }): Bar => {
    least += Math.min(disagreeBits, missingBits);
    most += Math.max(disagreeBits, missingBits);
    return { label: group, note: "disagrees or missing", kind: "open", fromBits: least, toBits: most };
  });
  const end: Bar =
    openTerms.length === 0
      ? { label: "match weight", note: "", kind: "total", fromBits: 0, toBits: mostBits }
      : { label: "match weight", note: "between", kind: "open", fromBits: leastBits, toBits: mostBits };
  return [...known, ...open, end];
}

function termBars(terms: readonly ExplainedTerm[]): Bar[] {
  let sum = 0;
  return terms.map(({ group, level, bits }) => {
    const fromBits = sum;
    sum += bits;
    return { label: group, note: group === "intercept" ? "" : level, kind: "term", fromBits, toBits: sum };
  });
}

/** Lower edges of the bands as log2 odds. */
function bandEdges(): Edge[] {
  return Object.entries(SHIPPED_PROFILE.bands)
    .filter(([, edge]) => edge > 0 && edge < 1)
    .map(([label, edge]) => ({ label, atBits: Math.log2(edge / (1 - edge)) }));
}

function noCandidateLines({ rules, visibilityA, visibilityB, thresholdBits }: PairExplanation): string[] {
  const stopped = rules.filter(({ outcome }) => ["silenced", "thin", "surplus", "withheld"].includes(outcome));
  const hidden: Record<typeof visibilityA, string> = {
    found: "",
    thin: `no key carries the ${thresholdBits.toFixed(2)} bits that the pairing's size asks for: it can be found by nobody`,
    silenced: "every telling key is shared with another row of its list: it can be found by nobody",
  };
  return [
    stopped.length === 0
      ? "No rule's facts are the same in both records: there is nothing by which the engine could have met them."
      : `Facts of ${stopped.length} rules are the same in both records, but no key of theirs met; see below.`,
    ...(visibilityA === "found" ? [] : [`A: ${hidden[visibilityA]}.`]),
    ...(visibilityB === "found" ? [] : [`B: ${hidden[visibilityB]}.`]),
  ];
}

function agreedLine({ rule, facts, values, bits }: RuleComparison): string {
  const shown = values.slice(0, SHOWN_VALUES).map((combination) => combinationText(facts, combination));
  const more = values.length > SHOWN_VALUES ? ` (and ${values.length - SHOWN_VALUES} more)` : "";
  return `  ${rule}  (${(bits ?? 0).toFixed(1)} bits of information)\n      ${shown.join("\n      ")}${more}`;
}

function combinationText(facts: readonly string[], combination: readonly string[]): string {
  return facts.map((fact, at) => `${fact} = ${combination[at] ?? ""}`).join(" · ");
}

function outcomeText({ outcome, sides, bits, facts, values }: RuleComparison, thresholdBits: number): string {
  const at = sides.map((side) => side.toUpperCase()).join(" and ");
  const same = combinationText(facts, values[0] ?? []);
  switch (outcome) {
    case "agrees":
      return "agrees";
    case "missing":
      return `a fact is missing in ${at}`;
    case "differs":
      return "no value in common";
    case "surplus":
      return `same (${same}), but beyond the rule's slots: too many aliases or dates`;
    case "silenced":
      return `same (${same}), but silenced in ${at}: another row of that list has it too`;
    case "thin":
      return `same (${same}), but too common: ${(bits ?? 0).toFixed(2)} of ${thresholdBits.toFixed(2)} bits`;
    case "withheld":
      return `same (${same}), but the rule is not for these two rows`;
  }
}

function openText({ group, disagreeBits, missingBits }: OpenTerm): string {
  return `${group}: ${disagreeBits} bits if it disagrees, ${missingBits} if it is missing`;
}

function ruleWidth(rules: readonly RuleComparison[]): number {
  return Math.max(...rules.map(({ rule }) => rule.length));
}

function recordLine({ rec_id, family_name, given_name, patronymic, aliases, dob, birth_place }: PersonRecord): string {
  const name = [family_name, [given_name, patronymic].filter((part) => part !== "").join(" ")];
  const also = aliases.length === 0 ? "" : `also ${aliases.join(" | ")}`;
  return [rec_id, name.filter((part) => part !== "").join(", "), dob, birth_place, also]
    .filter((part) => part !== "")
    .join(" · ");
}
