/**
 * Records as the oracle compares them: canonical facts with every text as a number, and how common the texts are in both lists.
 */
import { factsOf, type NameVariant } from "#engine/encode/facts.ts";
import { canonicalName, type NameToken } from "#engine/encode/names/canonical-name.ts";
import { isPlaceholder, parseDate, type PersonRecord } from "#engine/encode/person.ts";
import type { BirthDates } from "./birth-dates.ts";
import { Interned } from "./similarity.ts";

/** One way of naming a person; parts are numbers of tokens in the lexicon. */
export type ComparandName = {
  readonly family: readonly number[];
  readonly given: readonly number[];
  readonly isAlias: boolean;
};

export type Comparand = {
  readonly ref: string;
  readonly names: readonly ComparandName[];
  /** Own name as written, lower case. */
  readonly written: string;
  readonly patronymics: readonly number[];
  readonly birthDates: BirthDates;
  readonly sex: string;
  readonly nationalities: readonly string[];
  readonly documents: readonly string[];
  readonly phones: readonly string[];
  /** Numbers of texts. */
  readonly birthPlaces: readonly number[];
  readonly onlineIds: readonly number[];
  readonly street: number;
  readonly locality: number;
  readonly postcode: string;
};

/** Two lists made comparable. */
export type ComparandLists = {
  readonly listA: readonly Comparand[];
  readonly listB: readonly Comparand[];
  /** Name tokens by number; what differs in no form is one token. */
  readonly tokens: readonly NameToken[];
  readonly texts: readonly string[];
  /** −log2 of the share of records that hold the value, by token, text or country. */
  readonly frequencies: Frequencies;
};

export type Frequencies = {
  readonly foldBits: Float64Array;
  readonly rootBits: Float64Array;
  readonly skeletonBits: Float64Array;
  readonly placeBits: Float64Array;
  readonly nationalityBits: ReadonlyMap<string, number>;
};

/** Number of the empty text. */
export const NO_TEXT = 0;

export function comparandLists(recordsA: readonly PersonRecord[], recordsB: readonly PersonRecord[]): ComparandLists {
  const lexicon = new Lexicon();
  const listA = recordsA.map((record) => comparandOf(record, lexicon));
  const listB = recordsB.map((record) => comparandOf(record, lexicon));
  const tokens = lexicon.tokens;
  const texts = lexicon.texts.texts;
  return { listA, listB, tokens, texts, frequencies: frequenciesOf([...listA, ...listB], tokens, texts.length) };
}

class Lexicon {
  readonly #names = new Interned();
  readonly tokens: NameToken[] = [];
  readonly texts = new Interned();

  constructor() {
    this.texts.numberOf("");
  }

  token(token: NameToken): number {
    const number = this.#names.numberOf(`${token.fold} ${token.skeleton} ${token.root} ${token.isInitial}`);
    this.tokens[number] = token;
    return number;
  }
}

function comparandOf(record: PersonRecord, lexicon: Lexicon): Comparand {
  const facts = factsOf(record);
  const text = (value: string): number => lexicon.texts.numberOf(value);
  return {
    ref: record.rec_id,
    names: namesOf(facts.names, lexicon),
    written: `${record.given_name} ${record.family_name}`.trim().toLowerCase(),
    patronymics: canonicalName(record.patronymic).map((token) => lexicon.token(token)),
    birthDates: birthDatesOf(record, facts.dates),
    sex: record.sex === "X" ? "" : record.sex,
    nationalities: nationalitiesOf(record),
    documents: facts.documents,
    phones: facts.phones,
    birthPlaces: facts.birthPlaces.map(text),
    onlineIds: facts.onlineIds.map(text),
    street: text(facts.address.street),
    locality: text(facts.address.locality),
    postcode: facts.address.postcode,
  };
}

function namesOf(variants: readonly NameVariant[], lexicon: Lexicon): ComparandName[] {
  const [own] = variants;
  const names = variants.flatMap((variant, at): ComparandName[] => {
    const family = part(variant.family, lexicon);
    const given = part(variant.given, lexicon);
    const named = { family, given, isAlias: at > 0 };
    // A single word beside the own surname may as well be another surname.
    const isSingle = at > 0 && own !== undefined && variant.family === own.family && own.given.length > 0;
    return isSingle ? [named, { family: given, given: part(own.given, lexicon), isAlias: true }] : [named];
  });
  const seen = new Set<string>();
  return names.filter(({ family, given }) => {
    const name = `${family.join()} ${given.join()}`;
    return !seen.has(name) && seen.add(name).size > 0;
  });
}

/** Tokens of a name's part; of several also what they are when written as one. */
function part(tokens: readonly NameToken[], lexicon: Lexicon): number[] {
  const numbers = tokens.map((token) => lexicon.token(token));
  if (tokens.length < 2) return numbers;
  const join = (form: "fold" | "skeleton" | "root"): string => tokens.map((token) => token[form]).join("");
  const joined = { fold: join("fold"), skeleton: join("skeleton"), root: join("root"), isInitial: false };
  return [...numbers, lexicon.token({ ...joined, initial: tokens[0]?.initial ?? "" })];
}

function nationalitiesOf({ nationality, nationalities }: PersonRecord): string[] {
  const known = [nationality, ...nationalities].filter((code) => !isPlaceholder(code));
  return [...new Set(known.map((code) => code.normalize("NFKC").trim().toUpperCase()))];
}

/** Ranges too wide to be listed year by year are held as their middle. */
function birthDatesOf(record: PersonRecord, known: BirthDates["dates"]): BirthDates {
  const isRange = record.dob_quality === "range" && !isPlaceholder(record.dob_to);
  const isApproximate = record.dob_quality === "approx" || isRange;
  if (known.length > 0 || !isRange) return { dates: known, isApproximate };
  const [from, to] = [parseDate(record.dob)?.year, parseDate(record.dob_to)?.year];
  if (from === undefined || to === undefined || to < from) return { dates: [], isApproximate };
  return { dates: [{ year: Math.round((from + to) / 2) }], isApproximate };
}

function frequenciesOf(records: readonly Comparand[], tokens: readonly NameToken[], textCount: number): Frequencies {
  const nameTokens = (record: Comparand): number[] =>
    record.names.flatMap(({ family, given }) => [...family, ...given]);
  const byForm = (form: "fold" | "root" | "skeleton"): Float64Array => {
    const bits = bitsByValue(records, (record) => nameTokens(record).map((token) => tokens[token]?.[form] ?? ""));
    return Float64Array.from(tokens, (token) => bits.get(token[form]) ?? 0);
  };
  const places = bitsByValue(records, (record) => record.birthPlaces);
  return {
    foldBits: byForm("fold"),
    rootBits: byForm("root"),
    skeletonBits: byForm("skeleton"),
    placeBits: Float64Array.from({ length: textCount }, (_, text) => places.get(text) ?? 0),
    nationalityBits: bitsByValue(records, (record) => record.nationalities),
  };
}

/** −log2 of each value's share of the records that know any; counted in both lists. */
function bitsByValue<Value>(
  records: readonly Comparand[],
  valuesOf: (record: Comparand) => readonly Value[],
): Map<Value, number> {
  const counts = new Map<Value, number>();
  let total = 0;
  for (const record of records) {
    const values = new Set(valuesOf(record));
    if (values.size > 0) total++;
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return new Map([...counts].map(([value, count]) => [value, Math.log2(total / count)]));
}
