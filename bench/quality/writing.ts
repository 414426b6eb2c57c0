/**
 * The script in which a record names its person, and the language of a country's people.
 */
import type { PersonRecord } from "#engine/encode/person.ts";

const SCRIPTS = ["Cyrillic", "Greek", "Arabic", "Hebrew", "Georgian", "Armenian", "Han"] as const;
export type Script = (typeof SCRIPTS)[number] | "Latin" | "none";
const FORMS = SCRIPTS.map((script) => [script, new RegExp(`\\p{Script=${script}}`, "u")] as const);

/** @returns The first script other than Latin in family and given name; `none` when neither has a letter. */
export function scriptOf({ family_name, given_name }: PersonRecord): Script {
  const text = `${family_name} ${given_name}`;
  const found = FORMS.find(([, form]) => form.test(text));
  if (found !== undefined) return found[0];
  return /\p{L}/u.test(text) ? "Latin" : "none";
}

/** @returns Both scripts, in alphabetical order. */
export function scriptPair(one: Script, other: Script): string {
  return one < other ? `${one}–${other}` : `${other}–${one}`;
}

const LANGUAGES: Readonly<Record<string, string>> = {
  AL: "sq",
  XK: "sq",
  AT: "de",
  BA: "sh",
  HR: "sh",
  ME: "sh",
  RS: "sh",
  BG: "bg",
  GR: "el",
  HU: "hu",
  MD: "ro",
  RO: "ro",
  MK: "mk",
  SI: "sl",
  TR: "tr",
};

/** @returns Language code of most people of a country; `unknown` for no country or another. */
export function languageOf(country: string): string {
  return LANGUAGES[country.trim().toUpperCase()] ?? "unknown";
}
