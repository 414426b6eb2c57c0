/**
 * Fact kinds: what the fact names in a profile's rules mean at the party.
 * In: the canonical facts of a record. Out: for each kind its alternative values with the bits they carry. docs/spec/encoding.md
 */
import { LinkageError } from "../errors.ts";
import type { NameVariant, RecordFacts } from "./facts.ts";
import type { Information, TokenForm } from "./information.ts";
import type { NameToken } from "./names/canonical-name.ts";
import { foldEnds } from "./names/edits.ts";
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
  "pair-skeleton": pairs("skeleton"),
  "pair-root": pairs("root"),
  "token-skeleton": tokenSkeletons,
  "token-initial": tokensWithInitial,
  initials,
  "given-ends-family": givenEnds,
  "birth-date": dates((date, information) =>
    date.day === undefined || date.month === undefined
      ? undefined
      : {
          value: `${date.year}-${date.month}-${date.day}`,
          bits: information.birthYear(date.year) + information.dayOfYear,
        },
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
function tokenSkeletons(facts: RecordFacts, information: Information): Alternative[] {
  return facts.names
    .flatMap(({ family, given }) => [...family, ...given])
    .filter((token) => !token.isInitial)
    .map((token) => ({ value: token.skeleton, bits: information.token(token, "skeleton") }));
}

const INITIAL_OVERLAP_BITS = 0.5;
const VARIANTS_WITH_INITIALS = 2;

/** One whole name and the initial of the other, both ways round: survives a typing error in the other, or its initial alone. */
function tokensWithInitial(facts: RecordFacts, information: Information): Alternative[] {
  const withInitial = ([whole, other]: [NameToken, NameToken]): Alternative[] =>
    whole.isInitial
      ? []
      : [
          {
            value: `${whole.skeleton} ${other.initial}`,
            bits: information.token(whole, "skeleton") + information.initial - INITIAL_OVERLAP_BITS,
          },
        ];
  return facts.names.slice(0, VARIANTS_WITH_INITIALS).flatMap(({ family: [family], given: [given] }) => {
    if (family === undefined || given === undefined) return [];
    return [...withInitial([family, given]), ...withInitial([given, family])];
  });
}

/** Two initials of ten sounds each, without order. */
const INITIALS_BITS = 5.6;

function initials(facts: RecordFacts): Alternative[] {
  return firstNames(facts).map(([family, given]) => ({
    value: [family.initial, given.initial].sort().join(""),
    bits: INITIALS_BITS,
  }));
}

const END_LETTERS = 3;
/** Bits of the first, or the last, three letters of a name; measured in docs/spec/names.md. */
const END_BITS = 6;

/** First or last letters of the given name beside the family name: one edit leaves one of the two ends whole. */
function givenEnds(facts: RecordFacts, information: Information): Alternative[] {
  return firstNames(facts).flatMap(([family, given]) =>
    family.isInitial
      ? []
      : foldEnds(given.fold, END_LETTERS).map((end) => ({
          value: `${end} ${family.skeleton}`,
          bits: END_BITS + information.token(family, "skeleton") - SHARED_LANGUAGE_BITS,
        })),
  );
}

/** First family name and first given name of the record's own name. */
function firstNames({ names: [own] }: RecordFacts): [NameToken, NameToken][] {
  const [family, given] = [own?.family[0], own?.given[0]];
  return family === undefined || given === undefined ? [] : [[family, given]];
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
