/**
 * Spelling rules: from working letters (letters.ts) to sounds A–Z, for all three scripts at once.
 * Sources: docs/spec/names.md, "Spelling"; the tables of ICAO 9303, the Bulgarian law of 2009, ELOT 743, BGN/PCGN.
 */
import { compileRules, type Cue, type RewritingRule } from "./rewriting.ts";

const LATIN_VOWELS = "aeiouyAEIOU";
const CYRILLIC_VOWELS = "аеиоуыэюяёєіїъ";
const LATIN_CONSONANTS = "bcdfghjklmnpqrstvwxzBCDFGHKLMNPRSTVZ";

/** Endings of words in which a bare c is a lost č or ć, or ts: South Slavic, and Turkish names in -oğlu. */
const AFFRICATE_LIKE =
  /(?:i[cC]|icz|ich|ics|ica|iq|ity|a[cC]|ak|e[cC]|ek|[aeioupv]co|ko|ov|ev|ova|eva|[sc]k[ia]|sky|skij|skiy|slav|mir|ncan|canin|o[gG]lu)$/;
const ROMANIAN_LIKE = /(?:escu|anu|aru|iu|iuc|ache|[lct]in|ina|el|ela|ria|lia|olae)$/;
const GREEK_LIKE = /(?:is|os|as|ou|aki|ides|ades|poulo)$/;
const GERMAN_LIKE = /(?:er|mann?|el|en|ert|ing|berg|bach|hold|ard)$/;

/** Language suggested by a word's ending; only a bare c, ch, tz, ei and j ask for it. */
export function wordCue(word: string): Cue {
  if (AFFRICATE_LIKE.test(word)) return "affricate";
  if (ROMANIAN_LIKE.test(word)) return "romanian";
  if (GREEK_LIKE.test(word)) return "greek";
  if (GERMAN_LIKE.test(word)) return "german";
  return "none";
}

const LATIN: readonly RewritingRule[] = [
  // German, English and French letter groups
  { from: "schtsch", to: "ST" },
  { from: "dsch", to: "D" },
  { from: "tsch", to: "C" },
  { from: "schi", to: "SKI", before: "vnlrVNLR", after: "$" },
  { from: "sch", to: "S" },
  { from: "shch", to: "ST" },
  { from: "sh", to: "S" },
  { from: "sz", to: "S" },
  { from: "tch", to: "C" },
  { from: "tsh", to: "C" },
  { from: "th", to: "T" },
  { from: "tz", to: "D", after: "aeiou", cue: ["greek"] },
  { from: "tz", to: "D", before: "^" },
  { from: "tz", to: "C" },
  { from: "dzh", to: "D" },
  { from: "dzs", to: "D" },
  { from: "dj", to: "D" },
  { from: "dh", to: "D" },
  { from: "dt", to: "T" },
  { from: "zs", to: "Z" },
  { from: "zh", to: "Z" },
  { from: "z", to: "C", before: "nrl", after: "$bdfghklmnprstv" },
  { from: "ph", to: "F" },
  { from: "off", to: "OV", after: "$" },
  { from: "eff", to: "EV", after: "$" },
  { from: "ity", to: "IC", after: "$" },
  { from: "qu", to: "K", after: "ei" },
  { from: "q", to: "C" },
  { from: "xh", to: "D" },
  { from: "x", to: "KS" },
  { from: "w", to: "V" },
  { from: "kh", to: "H" },
  { from: "kj", to: "C" },
  // g
  { from: "ggy", to: "D" },
  { from: "gy", to: "D", after: LATIN_VOWELS + "$" },
  { from: "gj", to: "D" },
  { from: "gh", to: "G" },
  { from: "gk", to: "G", before: "^" },
  { from: "gk", to: "NG" },
  // palatal l and n
  { from: "lj", to: "LI", after: LATIN_VOWELS },
  { from: "lj", to: "L" },
  { from: "ly", to: "LI", after: LATIN_VOWELS },
  { from: "ly", to: "L", before: "aeou", after: "$" },
  { from: "nj", to: "NI", after: LATIN_VOWELS },
  { from: "nj", to: "N" },
  { from: "ny", to: "NI", after: LATIN_VOWELS },
  { from: "ny", to: "N", before: "aeou", after: "$" },
  // c
  { from: "ccs", to: "C" },
  { from: "cs", to: "C" },
  { from: "cz", to: "C" },
  { from: "ck", to: "CK", cue: ["affricate"] },
  { from: "ck", to: "K" },
  { from: "chs", to: "KS" },
  { from: "ch", to: "C", after: "kv" },
  { from: "ch", to: "H", after: "rlnmt" },
  { from: "ch", to: "H", before: "ou", after: "$" },
  { from: "bach", to: "BAH", after: "$" },
  { from: "rich", to: "RIH", before: "dntl", after: "$" },
  { from: "ache", to: "AKE", after: "$" },
  { from: "michael", to: "MIHAEL" },
  { from: "michail", to: "MIHAIL" },
  { from: "chi", to: "KI", cue: ["romanian"] },
  { from: "che", to: "KE", cue: ["romanian"] },
  { from: "ch", to: "H", cue: ["greek", "german"] },
  { from: "ch", to: "C" },
  { from: "c", to: "C", after: "eiyEI" },
  { from: "c", to: "K", before: "u", after: "$" },
  { from: "c", to: "C", after: "$" },
  { from: "c", to: "C", after: "v" },
  { from: "cr", to: "KR", after: "aeiouA" },
  { from: "cr", to: "CR" },
  { from: "c", to: "K", after: "ltkLTK" },
  { from: "c", to: "C", cue: ["affricate"] },
  { from: "c", to: "K" },
  // vowels
  { from: "ei", to: "I", cue: ["greek"] },
  { from: "oi", to: "I", cue: ["greek"] },
  { from: "mp", to: "B", before: "^" },
  { from: "mp", to: "B", before: LATIN_CONSONANTS },
  { from: "nt", to: "D", before: "^" },
  { from: "j", to: "Z", cue: ["romanian"], before: "aeiou" },
  { from: "j", to: "I" },
  { from: "y", to: "I" },
];

const letters = (pairs: string): RewritingRule[] =>
  pairs.split(" ").map((pair) => ({ from: pair.charAt(0), to: pair.slice(1) }));

const CYRILLIC: readonly RewritingRule[] = [
  { from: "дж", to: "D" },
  { from: "дз", to: "D" },
  { from: "дј", to: "D" },
  { from: "гј", to: "D" },
  { from: "гья", to: "DA" },
  { from: "гьо", to: "DO" },
  { from: "гю", to: "DU" },
  { from: "гя", to: "DA" },
  { from: "гё", to: "DO" },
  { from: "кј", to: "C" },
  { from: "цз", to: "C" },
  { from: "цс", to: "C" },
  { from: "сз", to: "S" },
  { from: "кс", to: "KS" },
  { from: "ья", to: "IA" },
  { from: "ью", to: "IU" },
  { from: "ьё", to: "IO" },
  { from: "ь", to: "I", after: CYRILLIC_VOWELS },
  { from: "ь", to: "" },
  { from: "ъ", to: "", after: "еёюя$" },
  { from: "љ", to: "LI", after: CYRILLIC_VOWELS },
  { from: "њ", to: "NI", after: CYRILLIC_VOWELS },
  ...letters("аA бB вV гG дD еE ёIO жZ зZ иI йI кK лL мM нN оO пP рR сS тT уU фF хH цC чC шS щST ъA ыI эE юIU яIA"),
  ...letters("ђD ѓD єIE ѕD іI їI јI љL њN ћC ќC ўU џD ґG"),
];

const GREEK_CONSONANTS = "βγδζθκλμνξπρστφχψ";
const GREEK: readonly RewritingRule[] = [
  { from: "γγ", to: "NG" },
  { from: "γκ", to: "G", before: "^" },
  { from: "γκ", to: "NG" },
  { from: "γχ", to: "NH" },
  { from: "γξ", to: "NKS" },
  { from: "μπ", to: "B", before: "^" + GREEK_CONSONANTS },
  { from: "μπ", to: "MB" },
  { from: "ντ", to: "D", before: "^" },
  { from: "ντ", to: "ND" },
  { from: "τζ", to: "D" },
  { from: "τσ", to: "C" },
  { from: "ου", to: "U" },
  { from: "αυ", to: "AV" },
  { from: "ευ", to: "EV" },
  { from: "ηυ", to: "IV" },
  { from: "ει", to: "I" },
  { from: "οι", to: "I" },
  { from: "υι", to: "I" },
  ...letters("αA βV γG δD εE ζZ ηI θT ιI κK λL μM νN ξKS οO πP ρR σS τT υI φF χH ψPS ωO"),
];

export const SPELLING_RULES = compileRules([...LATIN, ...CYRILLIC, ...GREEK]);

const CONSONANTS = "BCDFGHKLMNPRSTVZ";

/** Mergers of sounds, the same for every script; two passes, since the second reads what the first wrote. */
export const CLUSTER_RULES = compileRules([
  { from: "TS", to: "C" },
  { from: "TC", to: "C" },
  { from: "DZ", to: "D" },
  { from: "DT", to: "T" },
  { from: "SC", to: "ST" },
  { from: "MP", to: "MB" },
  { from: "NTS", to: "NC" },
  { from: "NTC", to: "NC" },
  { from: "NTI", to: "NCI", after: "OU" },
  { from: "NT", to: "ND" },
  { from: "TI", to: "CI", after: "OU" },
  { from: "F", to: "V", after: "TSKC" },
  { from: "GI", to: "I", after: "AOU" },
  { from: "OU", to: "U" },
  { from: "VICI", to: "VIC", after: "$" },
  { from: "EIEV", to: "EV" },
  { from: "AIEV", to: "AEV" },
  { from: "OIEV", to: "OEV" },
]);

export const VOWEL_RULES = compileRules([
  { from: "IE", to: "E", before: "^" },
  { from: "EI", to: "AI" },
  { from: "EA", to: "IA", after: CONSONANTS },
  { from: "CEA", to: "CA" },
  { from: "CI", to: "C", after: "OU" },
  { from: "IE", to: "I", before: "BDFGHKMPRSTZ", after: "BCDFGHKLMNPRSTZ" },
  { from: "AEV", to: "AEV", after: "$A" },
  { from: "AE", to: "A", after: CONSONANTS },
  { from: "AE", to: "AI", after: "$" },
  { from: "OE", to: "O", after: CONSONANTS },
  { from: "UE", to: "U", after: CONSONANTS },
]);
