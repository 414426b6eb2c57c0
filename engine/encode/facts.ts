/**
 * Canonical facts of one person record: what rules are composed of.
 * In: a person record. Out: name variants, dates, places and numbers in canonical form, each with its alternatives.
 */
import { canonicalName, type NameToken } from "./names/canonical-name.ts";
import type { NameReader } from "./names/name-reader.ts";
import { isPlaceholder, parseDate, type PartialDate, type PersonRecord } from "./person.ts";

/** One way of naming the person; the record's own name first, then aliases in their order. */
export type NameVariant = {
  readonly family: readonly NameToken[];
  readonly given: readonly NameToken[];
};

export type RecordFacts = {
  readonly names: readonly NameVariant[];
  readonly dates: readonly PartialDate[];
  /** Skeleton of the place of birth. */
  readonly birthPlaces: readonly string[];
  readonly documents: readonly string[];
  readonly phones: readonly string[];
  readonly onlineIds: readonly string[];
  readonly address: AddressFacts;
};

/** Canonical parts of an address; empty when unknown. */
export type AddressFacts = { readonly street: string; readonly postcode: string; readonly locality: string };

/**
 * @param readName - As {@link canonicalName}; a list's own remembers what it has read.
 * @returns Facts in canonical form; a placeholder is a missing fact.
 */
export function factsOf(record: PersonRecord, readName: NameReader = canonicalName): RecordFacts {
  return {
    names: nameVariants(record, readName),
    dates: datesOf(record),
    birthPlaces: distinct([placeSkeleton(record.birth_place, readName)]),
    documents: distinct([record.doc_number, ...record.documents].map(documentNumber)),
    phones: distinct([record.phone, ...record.phones].map(phoneNumber)),
    onlineIds: distinct(record.online_ids.map(onlineId)),
    address: addressOf(record, readName),
  };
}

function nameVariants(record: PersonRecord, readName: NameReader): NameVariant[] {
  const own = { family: readName(record.family_name), given: readName(record.given_name) };
  const variants: NameVariant[] = own.family.length + own.given.length > 0 ? [own] : [];
  for (const alias of record.aliases) {
    const tokens = readName(alias);
    const [only] = tokens;
    if (only === undefined) continue;
    // A single word is most often another given name or nickname beside the known surname.
    if (tokens.length === 1) variants.push({ family: own.family, given: [only] });
    else variants.push({ family: tokens.slice(-1), given: tokens.slice(0, -1) });
  }
  return variants;
}

function datesOf(record: PersonRecord): PartialDate[] {
  const isRange = record.dob_quality === "range" && !isPlaceholder(record.dob_to);
  const own = isRange ? rangeYears(record) : dateOf(record.dob, record);
  return [...own, ...record.dob_alternatives.flatMap((text) => dateOf(text, record))];
}

function dateOf(text: string, { dob_quality }: PersonRecord): PartialDate[] {
  const date = isPlaceholder(text) ? undefined : parseDate(text);
  if (date === undefined) return [];
  if (dob_quality === "approx") return [{ year: date.year, approximate: true }];
  // 1 January stands for "only the year is known" in most registers.
  if (date.month === 1 && date.day === 1) return [{ year: date.year }];
  return [date];
}

const MAX_RANGE_YEARS = 4;

/** A range becomes the years it spans, when they are few. */
function rangeYears(record: PersonRecord): PartialDate[] {
  const from = parseDate(record.dob)?.year;
  const to = parseDate(record.dob_to)?.year;
  if (from === undefined || to === undefined || to < from || to - from >= MAX_RANGE_YEARS) return [];
  return Array.from({ length: to - from + 1 }, (_, step) => ({ year: from + step, approximate: true }));
}

function placeSkeleton(text: string, readName: NameReader): string {
  return readName(text)
    .map((token) => token.skeleton)
    .join("");
}

const MIN_DOCUMENT_CHARACTERS = 5;

/** Letters and digits only, upper case; separators say nothing of the person. */
function documentNumber(text: string): string {
  if (isPlaceholder(text)) return "";
  const bare = text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "");
  return bare.length >= MIN_DOCUMENT_CHARACTERS && /[1-9]/.test(bare) && !isOneCharacter(bare) ? bare : "";
}

const SUBSCRIBER_DIGITS = 7;

/** The last digits: country code, trunk zero and spacing differ between the writings of one number. */
function phoneNumber(text: string): string {
  const digits = text.replace(/\D/g, "");
  const subscriber = digits.slice(-SUBSCRIBER_DIGITS);
  return subscriber.length < SUBSCRIBER_DIGITS || isOneCharacter(subscriber) ? "" : subscriber;
}

function onlineId(text: string): string {
  return isPlaceholder(text) ? "" : text.normalize("NFKC").trim().toLowerCase();
}

/** 0000000 and the like stand for a missing number. */
function isOneCharacter(text: string): boolean {
  return /^(.)\1*$/u.test(text);
}

function addressOf(record: PersonRecord, readName: NameReader): AddressFacts {
  const [street = "", second = "", third = ""] = record.address.split(",").map((part) => part.trim());
  const postcode = record.address_postcode || second;
  const locality = record.address_locality || third;
  const streetText = record.address_street || street;
  const streetName = placeSkeleton(streetText, readName);
  const houseNumber = streetText.match(/\d+/g)?.join("-") ?? "";
  return {
    // A house number alone is no address.
    street: streetName === "" || houseNumber === "" ? streetName : `${streetName} ${houseNumber}`,
    postcode: postcodeOf(postcode),
    locality: placeSkeleton(locality, readName),
  };
}

function postcodeOf(text: string): string {
  const bare = text.toUpperCase().replace(/[^A-Z0-9]/g, "");
  return isPlaceholder(text) || isOneCharacter(bare) ? "" : bare;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== "");
}
