/**
 * Skeleton of a fold: what survives vowel errors, lost or doubled letters, gendered endings and final devoicing.
 */

/** Initial sound class of a fold; e and i are one (Jelena, Elena), c and k are one (Constantin, Čedomir, Qemal). */
export function initialClass(fold: string): string {
  const first = fold.charAt(0);
  if (first === "i") return "e";
  if (first === "c") return "k";
  return first;
}

const VOWELS = "aeiou";
const ENDINGS: readonly (readonly [string, string])[] = [
  ["skaia", "sk"],
  ["ska", "sk"],
  ["ski", "sk"],
  ["cka", "ck"],
  ["cki", "ck"],
  ["ova", "v"],
  ["eva", "v"],
];

/** Gendered surname endings made masculine; anything else stays. */
export function masculineSurname(fold: string): string {
  if (fold.length < 6) return fold;
  if (fold.endsWith("skaia")) return fold.slice(0, -3) + "i";
  if (fold.endsWith("ska") || fold.endsWith("cka")) return fold.slice(0, -1) + "i";
  if (fold.endsWith("ova") || fold.endsWith("eva")) return fold.slice(0, -1);
  return fold;
}

const DEVOICED: Readonly<Record<string, string>> = { b: "p", d: "t", g: "k", v: "f", z: "s" };

export function skeletonOf(fold: string): string {
  let stem = fold;
  for (const [ending, replacement] of ENDINGS) {
    if (stem.length >= 6 && stem.endsWith(ending)) {
      stem = stem.slice(0, -ending.length) + replacement;
      break;
    }
  }
  let out = initialClass(fold);
  let last = out;
  for (let i = 1; i < stem.length; i++) {
    const letter = stem.charAt(i);
    if (VOWELS.includes(letter)) {
      last = "";
      continue;
    }
    if (letter === "h") continue;
    const sound = letter === "c" ? "k" : letter;
    if (sound !== last) out += sound;
    last = sound;
  }
  const final = DEVOICED[out.charAt(out.length - 1)];
  if (out.length > 1 && final !== undefined) out = out.slice(0, -1) + final;
  return out;
}
