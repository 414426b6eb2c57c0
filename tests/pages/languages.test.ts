/**
 * The language files: known terms only, the same places, the plural forms that the language has, the main terms all there.
 */
import { expect, test } from "vitest";
import { LANGUAGE_FILES, type Forms } from "./language-files.ts";

const ENGLISH = LANGUAGE_FILES["en"] ?? {};
const OTHERS = Object.entries(LANGUAGE_FILES).filter(([language]) => language !== "en");
const WANTED = ["bg", "bs", "hr", "mk", "ro", "sq", "sr-Cyrl", "sr-Latn"];

/** Navigation, bands, statuses, findings with their warnings, actions, states, steps and columns. */
const MAIN =
  /^(possible-match|page-|band-|status-|choice-|finding-|act-|column-|state-|step-is-|step-|count-|new-possible-match|no-hits$|no-rounds$|try-again|cancel|close|connection-lost|word-stays|own-record|handling-code|contact-desk|certainty|their-record-hidden|run-round|run-means|alerts-)/;

test("the parties' languages are there", () => {
  expect(OTHERS.map(([language]) => language).sort()).toEqual(WANTED);
});

test.for(OTHERS)("%s knows no term that English lacks, and has the same places in each", ([, words]) => {
  for (const [term, forms] of Object.entries(words)) {
    expect(Object.keys(ENGLISH), term).toContain(term);
    expect(typeof forms, term).toBe(typeof ENGLISH[term]);
    for (const text of textsOf(forms)) {
      expect(text.trim(), term).not.toBe("");
      expect(placesOf(text), term).toEqual(placesOf(textsOf(ENGLISH[term] ?? "")[0] ?? ""));
    }
  }
});

test.for(Object.entries(LANGUAGE_FILES))("%s has a form for every plural of its own", ([language, words]) => {
  const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
  const counted = Object.entries(words).filter(([, forms]) => typeof forms !== "string");
  expect(counted.length).toBeGreaterThan(0);
  for (const [term, forms] of counted) expect(Object.keys(forms).sort(), term).toEqual([...pluralCategories].sort());
});

test.for(OTHERS)("%s has all main terms of the console", ([, words]) => {
  const main = Object.keys(ENGLISH).filter((term) => MAIN.test(term));
  expect(main.length).toBeGreaterThan(90);
  expect(main.filter((term) => words[term] === undefined)).toEqual([]);
});

test("Serbian in Cyrillic says what Serbian in Latin says", () => {
  const [latin = {}, cyrillic = {}] = [LANGUAGE_FILES["sr-Latn"], LANGUAGE_FILES["sr-Cyrl"]];
  expect(Object.keys(cyrillic)).toEqual(Object.keys(latin));
  for (const [term, forms] of Object.entries(cyrillic))
    for (const text of textsOf(forms))
      expect(text.replace(/\{\w+\}|SIENA|SELEC|INTERPOL|Aquila/g, ""), term).not.toMatch(/[a-z]/i);
});

function textsOf(forms: Forms): string[] {
  return typeof forms === "string" ? [forms] : Object.values(forms);
}

function placesOf(text: string): string[] {
  return [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
}
