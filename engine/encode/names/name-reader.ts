/**
 * Canonical names of one list: each distinct word is canonicalised once.
 */
import { canonicalName, tokensOfWord, type NameToken, type WordReader } from "./canonical-name.ts";

/** Reads the text of one name field. */
export type NameReader = (raw: string) => readonly NameToken[];

/** Words that come after so many others are mostly met once: they are canonicalised as they come. */
const MAX_WORDS = 50_000;

/**
 * @returns As {@link canonicalName}. It holds words in the clear, in memory only, for as long as it is held itself: one
 *   for a list, and never one for a process.
 */
export function nameReader(): NameReader {
  const words = new Map<string, readonly NameToken[]>();
  const readWord: WordReader = (text, isInitial) => {
    if (isInitial) return tokensOfWord(text, isInitial);
    const known = words.get(text);
    if (known !== undefined) return known;
    const tokens = tokensOfWord(text, isInitial);
    if (words.size < MAX_WORDS) words.set(text, tokens);
    return tokens;
  };
  return (raw) => canonicalName(raw, readWord);
}
