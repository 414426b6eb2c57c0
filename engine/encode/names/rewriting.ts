/**
 * Rewriting of a word by ordered context rules, in one pass from left to right.
 * At each place the first rule whose text and context fit is taken; a letter that no rule takes is kept in upper case.
 */

/** What the look of a word says about its language; see `wordCue`. */
export type Cue = "affricate" | "greek" | "romanian" | "german" | "none";

/** `before` and `after` are sets of letters; `^` is the start of the word, `$` its end. Absent means anything. */
export type RewritingRule = {
  readonly from: string;
  readonly to: string;
  readonly before?: string;
  readonly after?: string;
  readonly cue?: readonly Cue[];
};

/** Rules by the code of their first letter, in their given order. */
type RuleTable = readonly (readonly RewritingRule[] | undefined)[];

export function compileRules(rules: readonly RewritingRule[]): RuleTable {
  const table: RewritingRule[][] = [];
  for (const rule of rules) {
    const code = rule.from.charCodeAt(0);
    const bucket = table[code];
    if (bucket === undefined) table[code] = [rule];
    else bucket.push(rule);
  }
  return table;
}

/**
 * @param cueOf - Asked at most once, and only if a rule needs it.
 * @returns The rewritten word, doubled letters written once.
 */
export function rewrite(word: string, table: RuleTable, cueOf: (word: string) => Cue): string {
  let out = "";
  let cue: Cue | undefined;
  let at = 0;
  while (at < word.length) {
    const bucket = table[word.charCodeAt(at)];
    let taken: RewritingRule | undefined;
    if (bucket !== undefined) {
      for (const rule of bucket) {
        if (rule.from.length > 1) {
          // Most rules fail at their second letter, which is cheaper to ask than the whole text.
          if (word.charCodeAt(at + 1) !== rule.from.charCodeAt(1)) continue;
          if (rule.from.length > 2 && !word.startsWith(rule.from, at)) continue;
        }
        if (rule.before !== undefined && !rule.before.includes(at === 0 ? "^" : word.charAt(at - 1))) continue;
        if (rule.after !== undefined) {
          const end = at + rule.from.length;
          if (!rule.after.includes(end >= word.length ? "$" : word.charAt(end))) continue;
        }
        if (rule.cue !== undefined) {
          cue ??= cueOf(word);
          if (!rule.cue.includes(cue)) continue;
        }
        taken = rule;
        break;
      }
    }
    const sounds = taken === undefined ? word.charAt(at).toUpperCase() : taken.to;
    for (let i = 0; i < sounds.length; i++) {
      const sound = sounds.charAt(i);
      if (out.length === 0 || out.charCodeAt(out.length - 1) !== sound.charCodeAt(0)) out += sound;
    }
    at += taken === undefined ? 1 : taken.from.length;
  }
  return out;
}
