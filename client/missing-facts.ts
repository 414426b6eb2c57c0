/**
 * Which one fact more would let records be found that cannot be: where it is worth to ask the case officers.
 * In: records that are thin or silenced. Out: for each fact how many a rule would find. docs/spec/console.md, "Coverage"
 */
import { setImmediate as yieldOnce } from "node:timers/promises";
import { factKind, type Alternative } from "#engine/encode/fact-kinds.ts";
import { factsOf, type RecordFacts } from "#engine/encode/facts.ts";
import { informationOf, shippedTable, type FrequencyTable, type Information } from "#engine/encode/information.ts";
import { canonicalName, type NameToken } from "#engine/encode/names/canonical-name.ts";
import { nameReader, type NameReader } from "#engine/encode/names/name-reader.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import type { Profile } from "#engine/profile.ts";
import { ADDABLE_FACTS, type AddableFact } from "./console/shapes.ts";

export type MissingFact = { readonly fact: AddableFact; readonly records: number };

/** What is read as {@link TYPICAL}; no name is written so. */
const TYPICAL_TEXT = "\u0000typical";
/** A name, or place, of which half the people have a commoner one. */
const TYPICAL: NameToken = { fold: "typical", skeleton: "typical", root: "typical", initial: "t", isInitial: false };
/** The first that a date can have: nobody on a list is born in it. */
const TYPICAL_YEAR = 1850;
/** Records looked at before other work is let through. */
const RECORDS_AT_ONCE = 200;

/** How each fact is added, and whether a record with these facts lacks it. */
const ADDITIONS: Readonly<
  Record<
    AddableFact,
    {
      readonly isLacking: (record: PersonRecord, facts: RecordFacts) => boolean;
      readonly add: (facts: RecordFacts) => Partial<PersonRecord>;
    }
  >
> = {
  "given-name": {
    isLacking: ({ given_name }) => canonicalName(given_name).length === 0,
    add: () => ({ given_name: TYPICAL_TEXT }),
  },
  "family-name": {
    isLacking: ({ family_name }) => canonicalName(family_name).length === 0,
    add: () => ({ family_name: TYPICAL_TEXT }),
  },
  "birth-date": {
    isLacking: (_, { dates }) => dates.every(({ day }) => day === undefined),
    add: ({ dates: [known] }) => ({ dob: `${known?.year ?? TYPICAL_YEAR}-06-15`, dob_quality: "exact" }),
  },
  "birth-place": {
    isLacking: (_, { birthPlaces }) => birthPlaces.length === 0,
    add: () => ({ birth_place: TYPICAL_TEXT }),
  },
  document: {
    isLacking: (_, { documents }) => documents.length === 0,
    add: () => ({ doc_number: "123456789" }),
  },
  phone: { isLacking: (_, { phones }) => phones.length === 0, add: () => ({ phone: "1234567" }) },
  "online-id": { isLacking: (_, { onlineIds }) => onlineIds.length === 0, add: () => ({ online_ids: ["typical"] }) },
  address: {
    isLacking: (_, { address }) => address.street === "" && address.postcode === "",
    add: () => ({ address_street: TYPICAL_TEXT, address_postcode: "10000" }),
  },
};

/**
 * @param records - Those that cannot be found.
 * @param thresholdBits - That a key has to carry.
 * @returns Facts that would let at least one be found, the most helpful first. A record can count for several.
 */
export async function missingFacts(
  records: readonly PersonRecord[],
  profile: Profile,
  thresholdBits: number,
): Promise<MissingFact[]> {
  const table = shippedTable(profile.frequencyTable);
  const information = withTypical(informationOf(table), table);
  const readName = nameReader();
  const readAdded = readingTypical(readName);
  const counts = new Map<AddableFact, number>();
  let looked = 0;
  for (const record of records) {
    if (++looked % RECORDS_AT_ONCE === 0) await yieldOnce();
    const facts = factsOf(record, readName);
    const before = alternativesOf(profile, facts, information);
    for (const fact of ADDABLE_FACTS) {
      const { add, isLacking } = ADDITIONS[fact];
      if (!isLacking(record, facts)) continue;
      const added = factsOf({ ...record, ...add(facts) }, readAdded);
      if (bestAddedBits(profile, before, alternativesOf(profile, added, information)) >= thresholdBits)
        counts.set(fact, (counts.get(fact) ?? 0) + 1);
    }
  }
  return ADDABLE_FACTS.flatMap((fact) => {
    const count = counts.get(fact);
    return count === undefined ? [] : [{ fact, records: count }];
  }).sort((one, other) => other.records - one.records);
}

type Alternatives = ReadonlyMap<string, readonly Alternative[]>;

function alternativesOf({ rules }: Profile, facts: RecordFacts, information: Information): Alternatives {
  const names = new Set(rules.flatMap((rule) => rule.facts));
  return new Map([...names].map((name) => [name, factKind(name)(facts, information)]));
}

/** @returns Bits of the most telling key that has a value which was not there before; -Infinity if there is none. */
function bestAddedBits({ rules }: Profile, before: Alternatives, after: Alternatives): number {
  const bestOf = (found: readonly Alternative[]): number => Math.max(-Infinity, ...found.map(({ bits }) => bits));
  const freshOf = (name: string): readonly Alternative[] => {
    const known = new Set((before.get(name) ?? []).map(({ value }) => value));
    return (after.get(name) ?? []).filter(({ value }) => !known.has(value));
  };
  const bits = rules.flatMap(({ facts, extraBits = 0 }) =>
    facts.map((fresh) =>
      facts.reduce((sum, name) => sum + bestOf(name === fresh ? freshOf(name) : (after.get(name) ?? [])), -extraBits),
    ),
  );
  return Math.max(-Infinity, ...bits);
}

function readingTypical(readName: NameReader): NameReader {
  return (text) => (text === TYPICAL_TEXT ? [TYPICAL] : readName(text));
}

function withTypical(information: Information, table: FrequencyTable): Information {
  const token = { skeleton: medianBits(table.skeletons), root: medianBits(table.roots) };
  const [birthYear, place] = [medianBits(table.birthYears), medianBits(table.places)];
  return {
    ...information,
    token: (name, form) => (name === TYPICAL ? token[form] : information.token(name, form)),
    birthYear: (year) => (year === TYPICAL_YEAR ? birthYear : information.birthYear(year)),
    place: (skeleton) => (skeleton === TYPICAL.skeleton ? place : information.place(skeleton)),
  };
}

/** @returns Bits that half of the people's values do not exceed. */
function medianBits({ bits, rareBits }: FrequencyTable["roots"]): number {
  const listed = Object.values(bits).sort((one, other) => one - other);
  const shares = listed.map((each) => 2 ** -each);
  // A name is a family or a given one, so that the shares of both together can exceed one.
  const half =
    Math.max(
      1,
      shares.reduce((sum, share) => sum + share, 0),
    ) / 2;
  let sum = 0;
  const at = shares.findIndex((share) => (sum += share) >= half);
  return listed[at] ?? rareBits;
}
