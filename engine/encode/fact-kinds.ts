/**
 * Fact kinds: what the fact names in a profile's rules mean at the party.
 * In: the canonical facts of a record. Out: for each kind its alternative values with the bits they carry. docs/spec/encoding.md
 */
import { LinkageError } from "../errors.ts";
import type { NameVariant, RecordFacts } from "./facts.ts";
import type { Information, TokenForm } from "./information.ts";
import type { NameToken } from "./names/canonical-name.ts";
import { bigramBands, deletionNeighbours } from "./names/edits.ts";
import type { PartialDate } from "./person.ts";

/** One value of a fact; an earlier alternative is the better known one. */
export type Alternative = { readonly value: string; readonly bits: number };
type FactKind = (facts: RecordFacts, information: Information) => readonly Alternative[];

const DOCUMENT_BITS_PER_CHARACTER = Math.log2(10);
const DOCUMENT_MAX_BITS = 26;
const PHONE_BITS = 20;
const ONLINE_ID_BITS = 24;
const STREET_BITS = 12;
const POSTCODE_BITS = 9;
/** A family name and a given name of one language go together: their bits do not simply add. */
const SHARED_LANGUAGE_BITS = 2;

const FACT_KINDS: Readonly<Record<string, FactKind>> = {
  "pair-fold": pairs("fold"),
  "pair-skeleton": pairs("skeleton"),
  "pair-root": pairs("root"),
  "token-fold": tokens("fold"),
  "token-skeleton": tokens("skeleton"),
  "token-root": tokens("root"),
  "family-skeleton": familyTokens("skeleton"),
  "given-root": givenTokens("root"),
  "given-skeleton": givenTokens("skeleton"),
  "given-initial": givenInitials,
  "family-deletions-given": familyDeletions,
  "given-deletions-family": givenDeletions,
  "family-bands-given": familyBands,
  patronymic: (facts, information) =>
    facts.patronymics
      .filter((token) => !token.isInitial)
      .map((token) => ({ value: token.skeleton, bits: information.token(token, "skeleton") - SHARED_LANGUAGE_BITS })),
  "birth-date": dates((date, information) =>
    date.day === undefined || date.month === undefined
      ? undefined
      : {
          value: `${date.year}-${date.month}-${date.day}`,
          bits: information.birthYear(date.year) + information.dayOfYear,
        },
  ),
  "birth-date-swapped": dates((date, information) =>
    date.day === undefined || date.month === undefined || date.day > 12
      ? undefined
      : {
          value: `${date.year}-${Math.min(date.day, date.month)}-${Math.max(date.day, date.month)}`,
          bits: information.birthYear(date.year) + information.dayOfYear - 1,
        },
  ),
  "birth-year-month": dates((date, information) =>
    date.month === undefined
      ? undefined
      : { value: `${date.year}-${date.month}`, bits: information.birthYear(date.year) + information.month },
  ),
  "birth-day-month": dates((date, information) =>
    date.day === undefined || date.month === undefined
      ? undefined
      : { value: `${date.month}-${date.day}`, bits: information.dayOfYear },
  ),
  "birth-year": dates((date, information) => ({ value: String(date.year), bits: information.birthYear(date.year) })),
  "birth-year-window": yearWindows,
  "birth-place": (facts, information) =>
    facts.birthPlaces.map((place) => ({ value: place, bits: information.place(place) - SHARED_LANGUAGE_BITS })),
  nationality: (facts, information) =>
    facts.nationalities.map((code) => ({
      value: code,
      bits: Math.max(0, information.nationality(code) - SHARED_LANGUAGE_BITS),
    })),
  sex: (facts) => (facts.sex === "" ? [] : [{ value: facts.sex, bits: 0.3 }]),
  document: (facts) =>
    facts.documents.map((number) => ({
      value: number,
      bits: Math.min(DOCUMENT_MAX_BITS, number.length * DOCUMENT_BITS_PER_CHARACTER),
    })),
  phone: (facts) => facts.phones.map((number) => ({ value: number, bits: PHONE_BITS })),
  "online-id": (facts) => facts.onlineIds.map((id) => ({ value: id, bits: ONLINE_ID_BITS })),
  street: (facts) => (facts.address.street === "" ? [] : [{ value: facts.address.street, bits: STREET_BITS }]),
  postcode: (facts) => (facts.address.postcode === "" ? [] : [{ value: facts.address.postcode, bits: POSTCODE_BITS }]),
};

/** @throws {@link LinkageError} `profile-invalid` when a rule names a fact that this encoder does not know. */
export function factKind(name: string): FactKind {
  const kind = Object.hasOwn(FACT_KINDS, name) ? FACT_KINDS[name] : undefined;
  if (kind === undefined) throw new LinkageError("profile-invalid", `no such fact: ${name}`);
  return kind;
}

/** Each family token with each given token of one variant, without order, so that swapped names agree. */
function pairs(form: TokenForm): FactKind {
  return (facts, information) =>
    facts.names.flatMap((variant) =>
      pairTokens(variant).map(([family, given]) => ({
        value: unordered(family[form], given[form]),
        bits: information.token(family, form) + information.token(given, form) - SHARED_LANGUAGE_BITS,
      })),
    );
}

function pairTokens({ family, given }: NameVariant): [NameToken, NameToken][] {
  const whole = (token: NameToken): boolean => !token.isInitial;
  const found = family.filter(whole).flatMap((f) => given.filter(whole).map((g): [NameToken, NameToken] => [f, g]));
  // Two words in one field, the other field empty: both may be there.
  if (found.length === 0) {
    const [first, second] = [...family, ...given].filter(whole);
    if (first !== undefined && second !== undefined) return [[first, second]];
  }
  return found;
}

function unordered(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

/** Any single name token: family names first, then given names, then those of aliases. */
function tokens(form: TokenForm): FactKind {
  return (facts, information) =>
    facts.names
      .flatMap(({ family, given }) => [...family, ...given])
      .filter((token) => !token.isInitial)
      .map((token) => ({ value: token[form], bits: information.token(token, form) }));
}

function familyTokens(form: TokenForm): FactKind {
  return (facts, information) =>
    facts.names
      .flatMap(({ family }) => family)
      .filter((token) => !token.isInitial)
      .map((token) => ({ value: token[form], bits: information.token(token, form) }));
}

function givenTokens(form: TokenForm): FactKind {
  return (facts, information) =>
    facts.names
      .flatMap(({ given }) => given)
      .filter((token) => !token.isInitial)
      .map((token) => ({ value: token[form], bits: information.token(token, form) - SHARED_LANGUAGE_BITS }));
}

function givenInitials(facts: RecordFacts, information: Information): Alternative[] {
  return facts.names
    .flatMap(({ given }) => given.slice(0, 1))
    .map(({ initial }) => ({ value: initial, bits: information.initial }));
}

/** Bits that one lost letter takes from a name: which of about six letters, and the letter itself is partly implied. */
const DELETION_BITS = 2;

/** The family name with at most one letter lost, and the given name: equal in two records when one edit lies between. */
function familyDeletions(facts: RecordFacts, information: Information): Alternative[] {
  return firstPair(facts).flatMap(([family, given]) =>
    deletionNeighbours(family.fold).map((value) => ({
      value: `${value} ${given.root}`,
      bits: information.token(family, "fold") + information.token(given, "root") - SHARED_LANGUAGE_BITS - DELETION_BITS,
    })),
  );
}

function givenDeletions(facts: RecordFacts, information: Information): Alternative[] {
  return firstPair(facts).flatMap(([family, given]) =>
    deletionNeighbours(given.fold).map((value) => ({
      value: `${value} ${family.root}`,
      bits: information.token(given, "fold") + information.token(family, "root") - SHARED_LANGUAGE_BITS - DELETION_BITS,
    })),
  );
}

const BAND_COUNT = 2;
const BAND_BITS = 6;

function familyBands(facts: RecordFacts, information: Information): Alternative[] {
  return firstPair(facts).flatMap(([family, given]) =>
    bigramBands(family.fold, BAND_COUNT).map((band) => ({
      value: `${band} ${given.root}`,
      bits: BAND_BITS + information.token(given, "root") - SHARED_LANGUAGE_BITS,
    })),
  );
}

function firstPair(facts: RecordFacts): [NameToken, NameToken][] {
  const [own] = facts.names;
  return own === undefined ? [] : pairTokens(own).slice(0, 1);
}

function dates(form: (date: PartialDate, information: Information) => Alternative | undefined): FactKind {
  return (facts, information) => facts.dates.flatMap((date) => form(date, information) ?? []);
}

const WINDOW_YEARS = 4;

/** Two overlapping windows of four years: years one apart share at least one, years two apart every other time. */
function yearWindows(facts: RecordFacts, information: Information): Alternative[] {
  return facts.dates.flatMap(({ year }) =>
    [0, WINDOW_YEARS / 2].map((shift) => ({
      value: `${shift}:${Math.floor((year + shift) / WINDOW_YEARS)}`,
      bits: information.birthYear(year) - Math.log2(WINDOW_YEARS),
    })),
  );
}
