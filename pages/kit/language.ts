/**
 * Words, numbers and dates of the pages in the reader's language. English is complete; what another file of `pages/languages/`
 * lacks is shown in English.
 */
import { computed, signal } from "@preact/signals";
import english from "../languages/en.json";

/** Codes of BCP 47, each with its own name. */
export const LANGUAGES = {
  en: "English",
  sq: "Shqip",
  bs: "Bosanski",
  bg: "Български",
  hr: "Hrvatski",
  mk: "Македонски",
  ro: "Română",
  "sr-Cyrl": "Српски",
  "sr-Latn": "Srpski",
} as const;
export type Language = keyof typeof LANGUAGES;

export type Term = keyof typeof english;
type Forms = string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>;
type Words = Readonly<Partial<Record<Term, Forms>>>;

const KEPT_AS = "aquila-language";
const FILES = import.meta.glob<Words>(["../languages/*.json", "!../languages/en.json"], { import: "default" });

export const language = signal<Language>("en");
const words = signal<Words>(english);
/**
 * Locales whose figures and dates are written as the language writes them, in digits. Chromium has no formats for Albanian,
 * Bosnian and Macedonian and would write American ones; English is Europe's.
 */
const FORMATS: Readonly<Partial<Record<Language, string>>> = { en: "en-GB", sq: "de", bs: "sr-Latn", mk: "sr-Cyrl" };
const locale = computed(() => FORMATS[language.value] ?? language.value);
const plurals = computed(() => new Intl.PluralRules(language.value));
const numbers = computed(() => new Intl.NumberFormat(locale.value));
const shares = computed(() => new Intl.NumberFormat(locale.value, { style: "percent", maximumFractionDigits: 1 }));
const signedBits = computed(
  () =>
    new Intl.NumberFormat(locale.value, {
      signDisplay: "exceptZero",
      minimumFractionDigits: 2,
      maximumFractionDigits: 2,
    }),
);
const moments = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: "medium", timeStyle: "short" }));

/** Takes the language chosen before, or else the first of the browser's that there is. */
export async function startLanguage(): Promise<void> {
  const wished = [localStorage.getItem(KEPT_AS) ?? "", ...navigator.languages];
  await chooseLanguage(wished.map(languageOf).find((known) => known !== undefined) ?? "en", false);
}

/** @param isKept - Whether the next visit begins with it. */
export async function chooseLanguage(chosen: Language, isKept = true): Promise<void> {
  const load = FILES[`../languages/${chosen}.json`];
  words.value = load === undefined ? english : await load();
  language.value = chosen;
  document.documentElement.lang = chosen;
  if (isKept) localStorage.setItem(KEPT_AS, chosen);
}

/**
 * @param values - For the places `{name}` of the text; `count` chooses among its plural forms (Unicode CLDR).
 */
export function t(term: Term, values: Readonly<Record<string, string | number>> = {}): string {
  const forms: Forms = words.value[term] ?? english[term];
  const count = typeof values["count"] === "number" ? values["count"] : 0;
  const text = typeof forms === "string" ? forms : (forms[plurals.value.select(count)] ?? forms.other ?? "");
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    return typeof value === "number" ? formatNumber(value) : (value ?? "");
  });
}

/** @returns Whether there is a term of this name; names that come from elsewhere may have none. */
export function isTerm(name: string): name is Term {
  return Object.hasOwn(english, name);
}

export function formatNumber(value: number): string {
  return numbers.value.format(value);
}

/** @param bits - Shown with its sign and two digits. */
export function formatBits(bits: number): string {
  return signedBits.value.format(bits);
}

/**
 * @param share - Of a model, below 1: never shown as 100 %.
 * @returns Per cent, one digit, rounded down.
 */
export function formatShare(share: number): string {
  return shares.value.format(Math.floor(Math.min(Math.max(share, 0), 0.999) * 1000 + 1e-9) / 1000);
}

/** @param moment - RFC 3339. */
export function formatMoment(moment: string): string {
  return moments.value.format(new Date(moment));
}

/** @returns undefined for what is no tag, and for a language that there is not. */
function languageOf(tag: string): Language | undefined {
  const known = Object.keys(LANGUAGES) as Language[];
  const exact = known.find((each) => each === tag);
  if (exact !== undefined || !/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(tag)) return exact;
  const { language: code, script } = new Intl.Locale(tag).maximize();
  if (code === "sr") return script === "Latn" ? "sr-Latn" : "sr-Cyrl";
  return known.find((each) => each === code);
}
