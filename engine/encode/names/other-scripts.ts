/**
 * Letters of scripts that have no table of their own here, romanised by the AnyAscii tables (anyascii.com, ISC).
 * docs/spec/names.md, "Other scripts".
 */
import anyAscii from "any-ascii";

const LETTER_OR_MARK = /[\p{L}\p{M}]/u;
/** Vowel points, which the same name mostly lacks. */
const VOWEL_POINT = /[\p{M}&&[\p{Script_Extensions=Arabic}\p{Script_Extensions=Hebrew}\p{Script_Extensions=Syriac}]]/v;
const OTHER_SCRIPT =
  /[\p{L}--[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}\p{Script=Inherited}]]/v;

/**
 * Working letters of one code point that letters.ts does not know, all still to be read by the spelling rules.
 *
 * @param character - One code point of a text in NFKC.
 * @returns a to z; "" for a letter without a sound of its own, and for vowel points; undefined if it is no letter and parts two words.
 */
export function romanisedLetter(character: string): string | undefined {
  if (!LETTER_OR_MARK.test(character)) return undefined;
  if (VOWEL_POINT.test(character)) return "";
  const lower = character.toUpperCase().toLowerCase();
  return anyAscii(lower)
    .toLowerCase()
    .replace(/[^a-z]/g, "");
}

/** Whether a name holds a letter of a script other than Latin, Greek or Cyrillic. */
export function usesOtherScript(raw: string): boolean {
  return OTHER_SCRIPT.test(raw);
}
