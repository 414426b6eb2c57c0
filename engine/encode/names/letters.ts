/**
 * Letters of the Latin, Greek and Cyrillic scripts, brought to one working alphabet.
 * A lower-case letter is still to be read by the spelling rules; an upper-case A–Z is a sound already known
 * (č is C whatever follows, a bare c is not). Source: docs/spec/names.md, "Letters".
 */

/** Latin letters whose mark says more than their base letter. All others lose their marks (á, ê, ů, ë, …). */
const MARKED_LATIN: Readonly<Record<string, string>> = {
  č: "C", ć: "C", ç: "C", ĉ: "C", ċ: "C", ḱ: "C",
  š: "S", ş: "S", ș: "S", ś: "S", ŝ: "S", ß: "ss",
  ž: "Z", ź: "Z", ż: "Z",
  đ: "D", ð: "D", ď: "D", ǵ: "D", ǆ: "D",
  ț: "T", ţ: "T", ť: "T", þ: "T",
  ł: "L", ľ: "L", ĺ: "L", ń: "N", ň: "N", ñ: "NI", ř: "R", ŕ: "R",
  ğ: "G", ģ: "G", ħ: "H", ķ: "K",
  ä: "A", æ: "A", å: "A", ă: "A", ā: "A",
  ö: "O", ő: "O", ø: "O", œ: "O",
  ü: "U", ű: "U", ů: "U",
  ı: "i", ĳ: "I", î: "I", ï: "I",
}; // prettier-ignore

const isMark = (character: string): boolean => /\p{M}/u.test(character);

/** Working letters of one lower-case code point: "" says ignore, undefined says it parts two words. */
function workingLetter(lower: string): string | undefined {
  const marked = MARKED_LATIN[lower.normalize("NFC")];
  if (marked !== undefined) return marked;
  if (/[’ʼ‘'`´ʹʺʻʿʾ′]/u.test(lower)) return "";
  if (/^[а-яёђѓєѕіїјљњћќўџґ]$/u.test(lower)) return lower;
  // The iota subscript is a letter: capitals write it beside its vowel.
  const parts = Array.from(lower.normalize("NFKD").replaceAll("\u0345", "ι"));
  if (parts.every(isMark)) return "";
  const base = parts.filter((part) => !isMark(part)).join("");
  if (base === "ς") return "σ";
  if (/^[a-zα-ωа-яђєѕіјљњћўџґ]+$/u.test(base)) return base;
  return undefined;
}

/** Code points that can hold a letter or mark of the three scripts, and the apostrophes. */
const RANGES: readonly (readonly [number, number])[] = [
  [0x27, 0x60],
  [0x61, 0x24f],
  [0x2b9, 0x36f],
  [0x370, 0x52f],
  [0x1c80, 0x1c8a],
  [0x1dc0, 0x1fff],
  [0x2018, 0x2032],
];

/** Indexed by code unit. */
export const WORKING_LETTERS: readonly (string | undefined)[] = ((): readonly (string | undefined)[] => {
  const table = new Array<string | undefined>(0x2033).fill(undefined);
  for (const [first, last] of RANGES) {
    for (let code = first; code <= last; code++) {
      // İ lower-cases to i and a combining dot: the dot is a mark, so it goes.
      table[code] = workingLetter(String.fromCharCode(code).toUpperCase().toLowerCase());
    }
  }
  return table;
})();
