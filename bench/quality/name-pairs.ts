/**
 * Names alone: which rule over folds, roots and skeletons tells spellings of one name from near misses.
 * In: pairs of names with a verdict. Out: recall and precision of each rule, and of the best one by language.
 */
import { canonicalName, type NameToken } from "#engine/encode/names/canonical-name.ts";

export type NamePair = {
  readonly one: string;
  readonly other: string;
  readonly same: boolean;
  readonly language: string;
};

type Form = "fold" | "root" | "skeleton";
type Names = readonly NameToken[];

/** A rule over names, by itself or one rule or the other. */
export type NameRule = { readonly id: string; readonly agrees: (one: Names, other: Names) => boolean };

export type NameRuleFigures = { readonly truePairs: number; readonly recall: number; readonly precision: number };

const FORMS: readonly Form[] = ["fold", "root", "skeleton"];

/** `all-F`: every token of the shorter name in the longer one; `F+G`: two tokens agree, one in each form; and `X or Y` of any two. */
export const NAME_RULES: readonly NameRule[] = withUnions([
  ...FORMS.map((form) => ({ id: `all-${form}`, agrees: allAgree(form) })),
  ...FORMS.flatMap((first, at) =>
    FORMS.slice(at).map((second) => ({ id: `${first}+${second}`, agrees: twoAgree(first, second) })),
  ),
]);

/** Names are canonicalised once for all rules. */
export function judgeNames(pairs: readonly NamePair[], rules: readonly NameRule[]): Map<string, boolean[]> {
  const tokens = pairs.map(({ one, other }) => [canonicalName(one), canonicalName(other)] as const);
  return new Map(rules.map(({ id, agrees }) => [id, tokens.map(([one, other]) => agrees(one, other))]));
}

/** Figures over the pairs for which `within` holds; precision is 1 when the rule finds nothing. */
export function ruleFigures(
  pairs: readonly NamePair[],
  verdicts: readonly boolean[],
  within: (pair: NamePair) => boolean = () => true,
): NameRuleFigures {
  let truePairs = 0;
  let found = 0;
  let falseHits = 0;
  pairs.forEach((pair, at) => {
    if (!within(pair)) return;
    const hit = verdicts[at] === true;
    truePairs += Number(pair.same);
    found += Number(hit && pair.same);
    falseHits += Number(hit && !pair.same);
  });
  const precision = found + falseHits === 0 ? 1 : found / (found + falseHits);
  return { truePairs, recall: truePairs === 0 ? 0 : found / truePairs, precision };
}

/** @returns Id of the rule of highest recall among those precise enough, the first listed of equals; undefined when none is. */
export function bestRule(
  pairs: readonly NamePair[],
  judged: ReadonlyMap<string, readonly boolean[]>,
  minPrecision: number,
): string | undefined {
  let best: { readonly id: string; readonly recall: number } | undefined;
  for (const [id, verdicts] of judged) {
    const { recall, precision } = ruleFigures(pairs, verdicts);
    if (precision >= minPrecision && recall > (best?.recall ?? 0)) best = { id, recall };
  }
  return best?.id;
}

function allAgree(form: Form): NameRule["agrees"] {
  return (one, other) => {
    const [short, long] = one.length <= other.length ? [one, other] : [other, one];
    const left = long.map((token) => token[form]);
    return (
      short.length > 0 &&
      short.every((token) => {
        const at = left.indexOf(token[form]);
        if (at !== -1) left.splice(at, 1);
        return at !== -1;
      })
    );
  };
}

function twoAgree(first: Form, second: Form): NameRule["agrees"] {
  return (one, other) =>
    one.some((a, atA) =>
      other.some(
        (b, atB) =>
          agreeIn(first, a, b) &&
          one.some((c, atC) => atC !== atA && other.some((d, atD) => atD !== atB && agreeIn(second, c, d))),
      ),
    );
}

function agreeIn(form: Form, one: NameToken, other: NameToken): boolean {
  return !one.isInitial && !other.isInitial && one[form] === other[form];
}

function withUnions(single: readonly NameRule[]): NameRule[] {
  const unions = single.flatMap((one, at) =>
    single.slice(at + 1).map((other): NameRule => ({
      id: `${one.id} or ${other.id}`,
      agrees: (a, b) => one.agrees(a, b) || other.agrees(a, b),
    })),
  );
  return [...single, ...unions];
}
