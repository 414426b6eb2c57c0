/**
 * Coarser values of a fold: its skeleton, its masculine surname, its initial sound class.
 * docs/spec/names.md, "Skeleton" and "Root"; the measurements behind each step are there too.
 */

/** Initial sound classes that are written for one another: Jelena and Elena, Constantin and Čedomir (C.), Ž and Z (S in German). */
const INITIAL_CLASS: Readonly<Record<string, string>> = { i: "e", c: "k", z: "s" };

/** @returns One letter; `fold` is not empty. */
export function initialClass(fold: string): string {
  const first = fold.charAt(0);
  return INITIAL_CLASS[first] ?? first;
}

/** Surnames shorter than this keep their ending: Eva, Ska, Nova are no gendered forms. */
const GENDERED_MIN_LENGTH = 6;
/** A final s after a vowel comes and goes with gender and language only in longer names: Bakoyannis, Bakoyanni. */
const FINAL_S_MIN_LENGTH = 6;

/** Feminine surname endings made masculine (-ova, -eva, -ska, -cka, -skaia), and a Greek nominative s left out. */
export function masculineSurname(fold: string): string {
  if (fold.length < GENDERED_MIN_LENGTH) return fold;
  if (fold.endsWith("skaia") || fold.endsWith("ckaia")) return fold.slice(0, -3) + "i";
  if (fold.endsWith("ska") || fold.endsWith("cka")) return fold.slice(0, -1) + "i";
  if (fold.endsWith("ova") || fold.endsWith("eva")) return fold.slice(0, -1);
  if (fold.endsWith("opulu")) return fold.slice(0, -1) + "o";
  if (fold.endsWith("s") && fold.length >= FINAL_S_MIN_LENGTH && VOWELS.includes(fold.charAt(fold.length - 2))) {
    return fold.slice(0, -1);
  }
  return fold;
}

const VOWELS = "aeiou";
/** Gendered and related surname endings, and the consonants that stand for all their forms. */
const ENDINGS: readonly (readonly [string, string])[] = [
  ["skaia", "sk"],
  ["ckaia", "ck"],
  ["ska", "sk"],
  ["ski", "sk"],
  ["cka", "ck"],
  ["cki", "ck"],
  ["ova", "v"],
  ["eva", "v"],
];

/** Consonants that are one in a skeleton: lost háčeks and Romanian, Turkish, Macedonian k; German s. */
const MERGED: Readonly<Record<string, string>> = { c: "k", z: "s" };
const DEVOICED: Readonly<Record<string, string>> = { b: "p", d: "t", g: "k", v: "f" };
/** The first inner vowel of a short skeleton, in three classes. */
const VOWEL_CLASS: Readonly<Record<string, string>> = { a: "a", e: "e", i: "e", o: "u", u: "u" };
const SHORT_SKELETON = 2;

/** @returns Not empty, led by the initial sound class; `fold` is not empty. */
export function skeletonOf(fold: string): string {
  let stem = fold;
  let isSurname = false;
  if (fold.length >= GENDERED_MIN_LENGTH) {
    for (const [ending, consonants] of ENDINGS) {
      if (fold.endsWith(ending)) {
        stem = fold.slice(0, -ending.length) + consonants;
        isSurname = true;
        break;
      }
    }
  }
  const initial = initialClass(fold);
  let out = initial;
  let last = initial;
  let vowel = "";
  for (let i = 1; i < stem.length; i++) {
    const letter = stem.charAt(i);
    if (VOWELS.includes(letter)) {
      if (vowel === "") vowel = letter;
      last = "";
    } else if (letter !== "h") {
      const sound = MERGED[letter] ?? letter;
      if (sound !== last) out += sound;
      last = sound;
    }
  }
  const final = DEVOICED[out.charAt(out.length - 1)];
  if (out.length > 1 && final !== undefined) out = out.slice(0, -1) + final;
  if (out.length <= SHORT_SKELETON) out += VOWEL_CLASS[vowel] ?? "";
  // A final a is the gender of a given name; of a surname the endings above have taken it away.
  return !isSurname && fold.length > 3 && fold.endsWith("a") ? `${out}a` : out;
}
