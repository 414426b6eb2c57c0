/**
 * What of a person record must never be found at the secretariat.
 */
import { isPlaceholder, type PersonRecord } from "#engine/encode/person.ts";
import type { Fact } from "./needle-index.ts";

/**
 * @returns Full names in both orders, as in the list's own JSON, and of every alias of two words or more; dates of birth,
 * documents and telephones as written. Words for *unknown* are no facts.
 */
export function factsOfRecord(record: PersonRecord): Fact[] {
  const { family_name: family, given_name: given, patronymic } = record;
  const names = [
    ...(isPlaceholder(family) || isPlaceholder(given) ? [] : orders(given, family, patronymic)),
    ...record.aliases.flatMap((alias) => {
      const words = alias.trim().split(/\s+/);
      return words.length < 2 ? [] : [alias, [words.at(-1), ...words.slice(0, -1)].join(" ")];
    }),
  ];
  const facts = (kind: Fact["kind"], texts: readonly string[]): Fact[] =>
    texts.filter((text) => !isPlaceholder(text)).map((text) => ({ kind, text }));
  return [
    ...facts("full name", names),
    ...facts("date of birth", [record.dob, record.dob_to, ...record.dob_alternatives]),
    ...facts("document", [record.doc_number, ...record.documents]),
    ...facts("telephone", [record.phone, ...record.phones]),
  ];
}

function orders(given: string, family: string, patronymic: string): string[] {
  const asListed = JSON.stringify({ family_name: family, given_name: given }).slice(1, -1);
  const plain = [`${given} ${family}`, `${family} ${given}`, `${family}, ${given}`, asListed];
  return patronymic === "" ? plain : [...plain, `${given} ${patronymic} ${family}`, `${family} ${given} ${patronymic}`];
}
