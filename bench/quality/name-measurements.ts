/**
 * Names alone on prepared pairs: the best rule over folds, roots and skeletons, by language; the same rule on nomenklatura's cases.
 */
import { readRows } from "./data-samples.ts";
import type { QualityLine } from "./line.ts";
import { bestRule, judgeNames, NAME_RULES, ruleFigures, type NamePair } from "./name-pairs.ts";

const NAME_PAIRS = "name_pairs.csv";
const NOMENKLATURA = "nomenklatura_name_bench_cases.csv";
const MIN_PRECISION = 0.95;
const MIN_RECALL = 0.9;

/** The rule is chosen on all of name_pairs.csv: 310 pairs among 45 rules, so that its figures are a little too good. */
export function* nameLines(folder: string): Generator<QualityLine> {
  const rows = readRows(folder, NAME_PAIRS);
  if (rows === undefined) {
    yield { measure: "missing", dataSet: "name_pairs", file: NAME_PAIRS };
    return;
  }
  const pairs = rows.map(({ name_a = "", name_b = "", same = "", lang = "" }): NamePair => ({
    one: name_a,
    other: name_b,
    same: same === "1",
    language: lang,
  }));
  const judged = judgeNames(pairs, NAME_RULES);
  for (const [id, verdicts] of judged) {
    if (!id.includes(" or "))
      yield { measure: "name-rule", dataSet: "name_pairs", rule: id, ...ruleFigures(pairs, verdicts) };
  }
  const rule = bestRule(pairs, judged, MIN_PRECISION);
  const verdicts = rule === undefined ? undefined : judged.get(rule);
  if (rule === undefined || verdicts === undefined) {
    yield { measure: "names", dataSet: "name_pairs", rule: null, holds: false };
    return;
  }
  const languages = [...new Set(pairs.map(({ language }) => language))].sort();
  const recalls: number[] = [];
  for (const language of languages) {
    const figures = ruleFigures(pairs, verdicts, (pair) => pair.language === language);
    if (figures.truePairs > 0) recalls.push(figures.recall);
    const holds = figures.truePairs === 0 || figures.recall >= MIN_RECALL;
    yield { measure: "names", dataSet: "name_pairs", rule, language, ...figures, holds };
  }
  const lowestRecall = Math.min(...recalls);
  const holds = lowestRecall >= MIN_RECALL;
  yield {
    measure: "names",
    dataSet: "name_pairs",
    rule,
    language: "all",
    ...ruleFigures(pairs, verdicts),
    lowestRecall,
    holds,
  };
  yield* nomenklaturaLines(folder, rule);
}

/** Persons only; its `quality` says how close the two spellings are. */
function* nomenklaturaLines(folder: string, ruleId: string): Generator<QualityLine> {
  const rows = readRows(folder, NOMENKLATURA)?.filter(({ schema }) => schema === "Person");
  if (rows === undefined) {
    yield { measure: "missing", dataSet: "nomenklatura", file: NOMENKLATURA };
    return;
  }
  const pairs = rows.map(({ name1 = "", name2 = "", is_match = "", case_group = "", quality = "" }) => ({
    one: name1,
    other: name2,
    same: is_match === "true",
    language: case_group,
    quality,
  }));
  const rules = NAME_RULES.filter(({ id }) => id === ruleId);
  const verdicts = judgeNames(pairs, rules).get(ruleId) ?? [];
  const line = (part: string, within: (at: number) => boolean): QualityLine => {
    const chosen = pairs.flatMap((pair, at) => (within(at) ? [{ pair, verdict: verdicts[at] === true }] : []));
    const figures = ruleFigures(
      chosen.map(({ pair }) => pair),
      chosen.map(({ verdict }) => verdict),
    );
    return { measure: "names", dataSet: "nomenklatura", rule: ruleId, part, pairs: chosen.length, ...figures };
  };
  for (const group of new Set(pairs.map(({ language }) => language)))
    yield line(group, (at) => pairs[at]?.language === group);
  for (const quality of ["STRONG", "MEDIUM", "WEAK"]) yield line(quality, (at) => pairs[at]?.quality === quality);
  yield line("all", () => true);
}
