/**
 * Canonical names: a name as written becomes tokens that agree across scripts, orthographies and lost diacritics.
 * Takes the text of one name field; gives its tokens in order. docs/spec/names.md is normative.
 */
import { HYPOCORISTICS, JOINED_NAMES } from "./hypocoristics.ts";
import { WORKING_LETTERS } from "./letters.ts";
import { romanisedLetter } from "./other-scripts.ts";
import { rewrite } from "./rewriting.ts";
import { initialClass, masculineSurname, skeletonOf } from "./skeleton.ts";
import { CLUSTER_RULES, SPELLING_RULES, VOWEL_RULES, wordCue } from "./spelling.ts";
import {
  HYPHENED_TITLES,
  PARTICLES,
  PLACEHOLDER_PHRASES,
  PLACEHOLDERS,
  TITLES,
  UNROMANISED_PLACEHOLDERS,
} from "./stop-words.ts";

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
const LAST_ASCII = 0x7f;
const LAST_CODE_UNIT = 0xffff;
const SPACE = 0x20;
const FULL_STOP = 0x2e;
const HYPHEN = 0x2d;
const MAX_PHRASE_WORDS = 3;

/** A word of the field: its working letters and the code point that ends it. */
type Word = { readonly text: string; readonly end: number };

function foldOf(word: string): string {
  const sounds = rewrite(word, SPELLING_RULES, wordCue);
  return rewrite(rewrite(sounds, CLUSTER_RULES, wordCue), VOWEL_RULES, wordCue).toLowerCase();
}

function wordsOf(raw: string): Word[] {
  const text = raw.normalize("NFKC").slice(0, MAX_CHARACTERS);
  if (UNROMANISED_PLACEHOLDERS.has(text.trim())) return [];
  const words: Word[] = [];
  let word = "";
  for (let i = 0; i <= text.length; i++) {
    const end = text.codePointAt(i) ?? SPACE;
    if (end > LAST_CODE_UNIT) i++;
    const letter = WORKING_LETTERS[end] ?? (end > LAST_ASCII ? romanisedLetter(String.fromCodePoint(end)) : undefined);
    if (letter !== undefined) {
      word += letter;
    } else if (word !== "") {
      const before = words[words.length - 1];
      if (before?.end === HYPHEN && HYPHENED_TITLES.has(`${before.text}-${word}`)) words.pop();
      else words.push({ text: word, end });
      word = "";
    }
  }
  return words;
}

/** True if the words say that there is no name. */
function isPlaceholder(words: readonly Word[]): boolean {
  if (words.length > MAX_PHRASE_WORDS) return false;
  // "X" stands for nothing, "X." for Xhevdet.
  if (words.length === 1 && words[0]?.text.length === 1 && words[0].end === FULL_STOP) return false;
  return words.length === 0 || PLACEHOLDER_PHRASES.has(words.map(({ text }) => text).join(" "));
}

/** Leaves out the words of a set unless nothing but initials would remain. */
function without(words: readonly Word[], stopWords: ReadonlySet<string>): readonly Word[] {
  if (!words.some((word) => stopWords.has(word.text))) return words;
  const rest = words.filter((word) => !stopWords.has(word.text));
  return rest.some((word) => word.text.length > 1) ? rest : words;
}

const foldOfName = (name: string): string => foldOf(wordsOf(name)[0]?.text ?? "");

const ROOT_OF_FOLD: ReadonlyMap<string, string> = new Map(
  Object.entries(HYPOCORISTICS).flatMap(([name, forms]) =>
    [name, ...forms.split(" ")].map((form): [string, string] => [foldOfName(form), foldOfName(name)]),
  ),
);

const PARTS_OF_JOINED_FOLD: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(JOINED_NAMES).map(([name, parts]): [string, readonly string[]] => [
    foldOfName(name),
    parts.split(" ").map(foldOfName),
  ]),
);

function tokenOf(fold: string): NameToken {
  const root = ROOT_OF_FOLD.get(fold) ?? masculineSurname(fold);
  return { fold, skeleton: skeletonOf(fold), root, initial: initialClass(fold), isInitial: false };
}

function initialToken(fold: string): NameToken {
  const initial = initialClass(fold);
  return { fold: initial, skeleton: initial, root: initial, initial, isInitial: true };
}

/** Tokens of one word of a name; none if it has no sound. */
export type WordReader = (text: string, isInitial: boolean) => readonly NameToken[];

export const tokensOfWord: WordReader = (text, isInitial) => {
  const fold = foldOf(text);
  if (fold === "") return [];
  const parts = PARTS_OF_JOINED_FOLD.get(fold);
  if (parts !== undefined) return parts.map(tokenOf);
  return [isInitial ? initialToken(fold) : tokenOf(fold)];
};

/**
 * Tokens in input order without titles and particles.
 *
 * @returns Empty if the name is missing or a placeholder.
 */
export function canonicalName(raw: string, readWord: WordReader = tokensOfWord): readonly NameToken[] {
  if (raw === "") return [];
  let words: readonly Word[] = wordsOf(raw);
  if (isPlaceholder(words)) return [];
  if (words.some(({ text }) => PLACEHOLDERS.has(text))) {
    words = words.filter(({ text }) => !PLACEHOLDERS.has(text));
    // What is left of "i panjohur" or "NN (unbekannt)" is no name either.
    if (isPlaceholder(words) || words.every(({ text, end }) => text.length === 1 && end !== FULL_STOP)) return [];
  }
  if (words.length > 1) words = without(without(words, TITLES), PARTICLES);
  const tokens: NameToken[] = [];
  for (const { text, end } of words) {
    tokens.push(...readWord(text, text.length === 1 || (text.length === 2 && end === FULL_STOP)));
    if (tokens.length >= MAX_TOKENS) break;
  }
  return tokens.length > MAX_TOKENS ? tokens.slice(0, MAX_TOKENS) : tokens;
}
