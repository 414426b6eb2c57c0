/**
 * Canonical names: a name as written becomes tokens that agree across scripts, orthographies and lost diacritics.
 * Takes the text of one name field; gives its tokens in order. docs/spec/names.md is normative.
 */
import { WORKING_LETTERS } from "./letters.ts";
import { rewrite } from "./rewriting.ts";
import { NICKNAMES } from "./nicknames.ts";
import { initialClass, masculineSurname, skeletonOf } from "./skeleton.ts";
import { CLUSTER_RULES, SPELLING_RULES, VOWEL_RULES, wordCue } from "./spelling.ts";
import { PARTICLES, PLACEHOLDERS, PLACEHOLDERS_ALONE, TITLES } from "./stop-words.ts";

/** Raised whenever any value of any name could change; part of the profile. */
export const CANONICALISER_VERSION = "1";

/** One token of a name. All values are ASCII lower case a–z, never empty. */
export type NameToken = {
  /** Sound-class fold, vowels kept: two spellings of one name mostly give the same fold. */
  readonly fold: string;
  /** Coarser: survives vowel errors, lost or doubled letters and gendered endings; starts with `initial`. */
  readonly skeleton: string;
  /** Fold of the full name if the token is a known hypocoristic, gender suffix of surnames removed; else the fold. */
  readonly root: string;
  /** Sound class of the first sound, one letter. */
  readonly initial: string;
  /** The token is only an initial. */
  readonly isInitial: boolean;
};

const MAX_CHARACTERS = 200;
const MAX_TOKENS = 8;
const SPACE = 0x20;
const FULL_STOP = 0x2e;

/** A word of the field: working letters, and whether a full stop follows it. */
type Word = { readonly text: string; readonly dotted: boolean };

function foldOf(word: string): string {
  const sounds = rewrite(word, SPELLING_RULES, wordCue);
  return rewrite(rewrite(sounds, CLUSTER_RULES, wordCue), VOWEL_RULES, wordCue).toLowerCase();
}

function wordsOf(raw: string): Word[] {
  const text = raw.normalize("NFKC");
  const length = Math.min(text.length, MAX_CHARACTERS);
  const words: Word[] = [];
  let word = "";
  for (let i = 0; i <= length; i++) {
    const code = i < length ? text.charCodeAt(i) : SPACE;
    const letter = WORKING_LETTERS[code];
    if (letter !== undefined) {
      word += letter;
    } else if (word !== "") {
      words.push({ text: word, dotted: code === FULL_STOP });
      word = "";
    }
  }
  return words;
}

/** Leaves out the words of a set unless nothing but initials would remain. */
function without(words: readonly Word[], stopWords: ReadonlySet<string>): readonly Word[] {
  if (!words.some((word) => stopWords.has(word.text))) return words;
  const rest = words.filter((word) => !stopWords.has(word.text));
  return rest.some((word) => word.text.length > 1) ? rest : words;
}

const ROOT_OF_FOLD: ReadonlyMap<string, string> = new Map(
  Object.entries(NICKNAMES).flatMap(([name, forms]) =>
    [name, ...forms.split(" ")].map((form): [string, string] => [
      foldOf(wordsOf(form)[0]?.text ?? ""),
      foldOf(wordsOf(name)[0]?.text ?? ""),
    ]),
  ),
);

/**
 * Tokens in input order without titles and particles.
 *
 * @returns Empty if the name is missing, a placeholder, or in a script that is not supported.
 */
export function canonicalName(raw: string): readonly NameToken[] {
  let words: readonly Word[] = wordsOf(raw).filter((word) => !PLACEHOLDERS.has(word.text));
  if (words.every((word) => PLACEHOLDERS_ALONE.has(word.text))) return [];
  words = without(without(words, TITLES), PARTICLES);
  const tokens: NameToken[] = [];
  for (const { text, dotted } of words) {
    const fold = foldOf(text);
    if (fold === "") continue;
    const initial = initialClass(fold);
    const isInitial = text.length === 1 || (text.length === 2 && dotted);
    if (isInitial) tokens.push({ fold: initial, skeleton: initial, root: initial, initial, isInitial });
    else {
      const root = ROOT_OF_FOLD.get(fold) ?? masculineSurname(fold);
      tokens.push({ fold, skeleton: skeletonOf(fold), root, initial, isInitial });
    }
    if (tokens.length === MAX_TOKENS) break;
  }
  return tokens;
}
