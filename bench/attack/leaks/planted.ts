/**
 * Secrets that are planted before the hunt: persons whom nobody else is named after, born and registered as nobody else is;
 * and each secret in all the writings in which it may have leaked.
 */
import { canonicalName } from "#engine/encode/names/canonical-name.ts";
import { parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import { Draws } from "#fixtures/draws.ts";
import type { FixtureRecord } from "#fixtures/people.ts";
import { encodeNeedle, roomFor, type Encoding } from "../../../demo/leak-encoding.ts";
import type { FactKind } from "../../../demo/needle-index.ts";
import { factsOfRecord } from "../../../demo/record-facts.ts";

/**
 * Whose a secret is: the parties' may be nowhere; the server's own, for good or for the round, nowhere but in its process; a
 * round's handles, linkage keys and hit ids are the secretariat's to see, but nowhere in the clear on its disk.
 */
export const WARDS = ["party", "server", "data", "round", "hit"] as const;
export type Ward = (typeof WARDS)[number];

export type Secret = {
  readonly kind: FactKind;
  readonly ward: Ward;
  /** Parties that know it anyway: whose list has the person, whose hit it is. */
  readonly holders: readonly string[];
  /** Texts of eight bytes of UTF-8 or more that give it away, one character for each byte where it is no text. */
  readonly writings: readonly string[];
};

/** What a place shows to a party of its own: secrets of these kinds that it holds. */
export type Shown = { readonly party: string; readonly kinds: readonly FactKind[] };
/** What a case system is told of the own hits. */
export const OWN_ALERTS = ["reference", "hit id"] as const satisfies readonly FactKind[];
/** What analysts see: beside these their own records. */
export const OWN_ANSWERS = [
  ...OWN_ALERTS,
  "full name",
  "date of birth",
  "document",
  "telephone",
] as const satisfies readonly FactKind[];

export function isShown({ kind, holders }: Secret, { party, kinds }: Shown): boolean {
  return kinds.includes(kind) && holders.includes(party);
}

const FAMILY = ["Žvor", "Ščeb", "Dröm", "Đulk", "Çört", "Wlad", "Jürx", "Grăv"];
const MIDDLE = ["gan", "ućo", "éri", "ožu", "ilka", "örm", "ati", "emba"];
const ENDING = ["plitz", "ković", "enço", "ušar", "hály", "mirov", "escu", "thaler"];
const GIVEN = ["Zdýn", "Oxân", "Kléo", "Bruš", "Väin", "Ilz", "Quir", "Tömm"];
const GIVEN_ENDING = ["islava", "emir", "andro", "etka", "ülfo", "ona", "ibor", "axène"];
const FIRST_YEAR = 1931;
const DAY_MS = 86_400_000;
const WHOLE_BYTES: readonly Encoding[] = [
  "hex",
  "base64+0",
  "base64+1",
  "base64+2",
  "base64url+0",
  "base64url+1",
  "base64url+2",
];

/**
 * @param records - As many as are planted; sex, place and what else is not planted stays.
 * @returns The records with planted name, date of birth, document and telephone, no two alike in any of them.
 */
export function plantedIn(records: readonly FixtureRecord[], seed: number): FixtureRecord[] {
  return records.map((record, at) => {
    const draws = new Draws(seed, at);
    const digits = (count: number): string => String(draws.word() + 10 ** count).slice(-count);
    const family = [at, at >> 3, at >> 6].map((number, part) => [FAMILY, MIDDLE, ENDING][part]?.[number & 7]).join("");
    const given = `${GIVEN[draws.word() & 7]}${GIVEN_ENDING[draws.word() & 7]}`;
    // A step of 67 days passes no day twice, and no first of January, which stands for the year alone.
    const born = new Date(Date.UTC(FIRST_YEAR, 0, 3) + at * 67 * DAY_MS).toISOString().slice(0, 10);
    return {
      rec_id: record.rec_id,
      party: record.party,
      family_name: family,
      given_name: given,
      patronymic: "",
      aliases: [],
      sex: record.sex,
      nationality: record.nationality,
      birth_place: record.birth_place,
      dob: born.endsWith("01-01") ? born.replace(/1$/, "2") : born,
      dob_quality: "exact",
      doc_number: `X${digits(4)}-${digits(3)}-${String.fromCharCode(65 + (at % 26))}${at % 10}`,
      phone: `+385 9${at % 10} ${digits(3)} ${digits(4)}`,
      category: "suspect",
    };
  });
}

/**
 * @param holdersOf - Parties on whose list a person is, by the person's place in `records`.
 * @returns Name, date of birth, document and telephone of each planted person.
 */
export function secretsOfPersons(
  records: readonly FixtureRecord[],
  holdersOf: (person: number) => readonly string[] = () => [],
): Secret[] {
  return records.flatMap((record, at) => {
    const person = parsePerson(record, at + 1);
    const facts = Map.groupBy(factsOfRecord(person), ({ kind }) => kind);
    return [...facts].map(([kind, found]): Secret => {
      const asListed = found.map(({ text }) => text);
      const writings = tellingTexts([...asListed, ...otherWritings(kind, person)]);
      return { kind, ward: "party", holders: holdersOf(at), writings };
    });
  });
}

/** Texts as a program may write them that is careless in another way than the list; folded ones are searched anyway. */
function otherWritings(
  kind: FactKind,
  { family_name: family, given_name: given, dob, ...person }: PersonRecord,
): string[] {
  if (kind === "full name") {
    const canonical = canonicalName(`${given} ${family}`).map(({ fold }) => fold);
    const orders = [`${given} ${family}`, `${family} ${given}`, `${family};${given}`, `${given}_${family}`];
    return [
      ...[...orders, canonical.join(" "), canonical.toReversed().join(" ")].flatMap((name) => [
        name,
        name.toUpperCase(),
        Array.from(name).toReversed().join(""),
        encodeURIComponent(name),
      ]),
      // A family name alone is nobody else's either.
      family,
      family.toUpperCase(),
    ];
  }
  if (kind === "date of birth") {
    const [year = "", month = "", day = ""] = dob.split("-");
    return [
      year + month + day,
      day + month + year,
      `${day}.${month}.${year}`,
      `${day}/${month}/${year}`,
      `${year}/${month}/${day}`,
    ];
  }
  const bare = (kind === "document" ? person.doc_number : person.phone).replace(/[^A-Za-z0-9]/g, "");
  return kind === "document" ? [bare] : [bare, `00${bare}`, `+${bare}`, `0${bare.slice(3)}`];
}

/** @returns A secret of bytes: as they are, in hexadecimal, base64 at any place, and as a list of numbers. */
export function secretOfBytes(kind: FactKind, ward: Ward, bytes: Uint8Array, holders: readonly string[] = []): Secret {
  const out = new Uint8Array(roomFor(bytes.length));
  const written = WHOLE_BYTES.map((encoding) => {
    const end = encodeNeedle({ units: "", utf8: bytes }, encoding, out);
    return Buffer.from(out.subarray(0, end)).toString("latin1");
  });
  const hex = written[0] ?? "";
  const raw = Buffer.from(bytes).toString("latin1");
  return {
    kind,
    ward,
    holders,
    writings: tellingTexts([raw, ...written, hex.toUpperCase(), bytes.join(","), bytes.join(", ")]),
  };
}

function tellingTexts(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
