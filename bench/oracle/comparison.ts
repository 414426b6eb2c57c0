/**
 * Field-by-field comparison of two records in the clear. Gives the features of one pair.
 */
import { compareBirthDates, type DateLevel } from "./birth-dates.ts";
import { NO_TEXT, type Comparand, type ComparandLists } from "./comparand.ts";
import {
  cellColumn,
  gradualColumn,
  levelColumns,
  DATE_GRADES,
  NAME_GRADES,
  type DateGrade,
  type FeatureRow,
  type NameGrade,
} from "./features.ts";
import { MISSING, nameComparer, tokenComparer, TOKEN_LEVELS } from "./names.ts";
import { cachedComparison, similarity, withinOneEdit } from "./similarity.ts";

const FAMILY = tokenColumns(levelColumns("family"));
const GIVEN = tokenColumns(levelColumns("given"));
const PATRONYMIC = levelColumns("patronymic");
const BIRTH_DATE = levelColumns("birthDate");
const BIRTH_PLACE = levelColumns("birthPlace");
const NATIONALITY = levelColumns("nationality");
const SEX = levelColumns("sex");
const DOCUMENT = levelColumns("document");
const PHONE = levelColumns("phone");
const ONLINE_ID = levelColumns("onlineId");
const STREET = levelColumns("street");
const POSTCODE = levelColumns("postcode");
const LOCALITY = levelColumns("locality");

const FAMILY_FREQUENCY = gradualColumn("familyFrequency");
const GIVEN_FREQUENCY = gradualColumn("givenFrequency");
const FAMILY_CLOSE_FREQUENCY = gradualColumn("familyCloseFrequency");
const GIVEN_CLOSE_FREQUENCY = gradualColumn("givenCloseFrequency");
const PLACE_FREQUENCY = gradualColumn("birthPlaceFrequency");
const NATIONALITY_FREQUENCY = gradualColumn("nationalityFrequency");
const SWAPPED_NAMES = gradualColumn("swappedNames");
const ALIASES = [gradualColumn("oneAlias"), gradualColumn("twoAliases")] as const;
const VARIANT_COUNT = gradualColumn("variantCount");
const DATE_COUNT = gradualColumn("dateCount");
const SPELLED_ALIKE = gradualColumn("spelledAlike");
const FURTHER_NAME = gradualColumn("furtherName");

/** Frequencies count from here, bits, so that a level's own weight is that of a usual value. */
const USUAL_NAME_BITS = 8;
const USUAL_PLACE_BITS = 5;
const USUAL_NATIONALITY_BITS = 3;

const MISSING_DATE = DATE_GRADES.indexOf("missing");
const MISSING_NAME = NAME_GRADES.indexOf("missing");

const CLOSE_TEXT = 0.88;
const SIMILARITY_STEPS = 200;

/** @returns A function that writes the features of a pair into `row`. */
export function pairComparer(lists: ComparandLists): (a: Comparand, b: Comparand, row: FeatureRow) => void {
  const compareNames = nameComparer(lists);
  const tokenLevel = tokenComparer(lists);
  const { placeBits, nationalityBits } = lists.frequencies;
  const textLevel = cachedComparison(lists.texts.length, (one, other) =>
    Math.floor(SIMILARITY_STEPS * similarity(lists.texts[one] ?? "", lists.texts[other] ?? "")),
  );
  const isClose = (one: number, other: number): boolean => textLevel(one, other) >= SIMILARITY_STEPS * CLOSE_TEXT;

  return (a, b, row) => {
    row.clear();
    const date = compareBirthDates(a.birthDates, b.birthDates);
    addNames(a, b, date, row);
    if (date !== undefined) {
      row.add(BIRTH_DATE[date], 1);
      const alternatives = a.birthDates.dates.length * b.birthDates.dates.length;
      if (alternatives > 1) row.add(DATE_COUNT, Math.log2(alternatives));
    }
    addPatronymic(a, b, row);
    addPlace(a, b, row);
    addNationality(a, b, row);
    if (a.sex !== "" && b.sex !== "") row.add(a.sex === b.sex ? SEX.exact : SEX.far, 1);
    addNumbers(a.documents, b.documents, DOCUMENT, row);
    addNumbers(a.phones, b.phones, PHONE, row);
    if (a.onlineIds.length > 0 && b.onlineIds.length > 0) {
      const [one, other] = [a.onlineIds, b.onlineIds];
      const level = one.some((id) => other.includes(id))
        ? "exact"
        : one.some((id) => other.some((known) => isClose(id, known)))
          ? "close"
          : "far";
      row.add(ONLINE_ID[level], 1);
    }
    addText(a.street, b.street, STREET, row);
    addText(a.locality, b.locality, LOCALITY, row);
    if (a.postcode !== "" && b.postcode !== "") addNumbers([a.postcode], [b.postcode], POSTCODE, row);
  };

  function addNames(a: Comparand, b: Comparand, date: DateLevel | undefined, row: FeatureRow): void {
    const dateGrade = date === undefined ? MISSING_DATE : DATE_GRADES.indexOf(DATE_GRADE_OF[date]);
    const names = compareNames(a.names, b.names);
    if (names === undefined) {
      row.add(cellColumn(MISSING_NAME, MISSING_NAME, dateGrade), 1);
      return;
    }
    const { familyLevel, givenLevel } = names;
    if (familyLevel !== MISSING) row.add(FAMILY[familyLevel] as number, 1);
    if (givenLevel !== MISSING) row.add(GIVEN[givenLevel] as number, 1);
    if (names.familyBits !== 0)
      row.add(agrees(familyLevel) ? FAMILY_FREQUENCY : FAMILY_CLOSE_FREQUENCY, names.familyBits - USUAL_NAME_BITS);
    if (names.givenBits !== 0)
      row.add(agrees(givenLevel) ? GIVEN_FREQUENCY : GIVEN_CLOSE_FREQUENCY, names.givenBits - USUAL_NAME_BITS);
    const [one, two] = ALIASES;
    if (names.aliases > 0) row.add(names.aliases === 1 ? one : two, 1);
    if (names.swapped) row.add(SWAPPED_NAMES, 1);
    const variants = a.names.length * b.names.length;
    if (variants > 1 && familyLevel !== FAR_LEVEL && givenLevel !== FAR_LEVEL)
      row.add(VARIANT_COUNT, Math.log2(variants));
    if (names.furtherName) row.add(FURTHER_NAME, 1);
    if (a.written !== "" && a.written === b.written) row.add(SPELLED_ALIKE, 1);
    row.add(cellColumn(gradeOf(familyLevel), gradeOf(givenLevel), dateGrade), 1);
  }

  function addPatronymic(a: Comparand, b: Comparand, row: FeatureRow): void {
    let best: number = MISSING;
    for (const one of a.patronymics) for (const other of b.patronymics) best = Math.min(best, tokenLevel(one, other));
    if (best === MISSING) return;
    row.add(best <= SKELETON_LEVEL ? PATRONYMIC.exact : best < FAR_LEVEL ? PATRONYMIC.close : PATRONYMIC.far, 1);
  }

  function addPlace(a: Comparand, b: Comparand, row: FeatureRow): void {
    const [one, other] = [a.birthPlaces[0], b.birthPlaces[0]];
    if (one === undefined || other === undefined) return;
    addText(one, other, BIRTH_PLACE, row);
    if (one === other) row.add(PLACE_FREQUENCY, (placeBits[one] as number) - USUAL_PLACE_BITS);
  }

  function addNationality(a: Comparand, b: Comparand, row: FeatureRow): void {
    if (a.nationalities.length === 0 || b.nationalities.length === 0) return;
    const both = a.nationalities.filter((code) => b.nationalities.includes(code));
    row.add(both.length > 0 ? NATIONALITY.exact : NATIONALITY.far, 1);
    if (both.length === 0) return;
    const bits = Math.max(...both.map((code) => nationalityBits.get(code) ?? 0));
    row.add(NATIONALITY_FREQUENCY, bits - USUAL_NATIONALITY_BITS);
  }

  function addText(one: number, other: number, columns: AgreementColumns, row: FeatureRow): void {
    if (one === NO_TEXT || other === NO_TEXT) return;
    row.add(one === other ? columns.exact : isClose(one, other) ? columns.close : columns.far, 1);
  }
}

type AgreementColumns = { readonly exact: number; readonly close: number; readonly far: number };

function addNumbers(a: readonly string[], b: readonly string[], columns: AgreementColumns, row: FeatureRow): void {
  if (a.length === 0 || b.length === 0) return;
  let column = columns.far;
  for (const one of a) {
    for (const other of b) {
      if (one === other) column = columns.exact;
      else if (column === columns.far && withinOneEdit(one, other)) column = columns.close;
    }
  }
  row.add(column, 1);
}

const SKELETON_LEVEL = TOKEN_LEVELS.indexOf("skeleton");
const FAR_LEVEL = TOKEN_LEVELS.indexOf("far");

function agrees(level: number): boolean {
  return level <= SKELETON_LEVEL;
}

const GRADE_OF_LEVEL = [...TOKEN_LEVELS.map((level) => NAME_GRADES.indexOf(nameGrade(level))), MISSING_NAME];

function gradeOf(level: number): number {
  return GRADE_OF_LEVEL[level] as number;
}

function nameGrade(level: (typeof TOKEN_LEVELS)[number]): NameGrade {
  if (level === "far") return "far";
  if (level === "initial") return "missing";
  return level === "close" || level === "near" ? "close" : "agrees";
}

const DATE_GRADE_OF: Readonly<Record<DateLevel, DateGrade>> = {
  exact: "agrees",
  swapped: "agrees",
  oneDigit: "agrees",
  yearOff1: "agrees",
  yearDigit: "agrees",
  yearOff5: "agrees",
  onePart: "near",
  dayMonth: "near",
  yearMonth: "partly",
  year: "partly",
  approxYear: "partly",
  yearNear1: "near",
  approxNear1: "near",
  yearNear5: "near",
  approxNear5: "near",
  fullYear: "near",
  fullNear1: "near",
  fullNear5: "near",
  approxFar: "far",
  yearFar: "far",
  fullFar: "far",
};

function tokenColumns(columns: Readonly<Record<(typeof TOKEN_LEVELS)[number], number>>): readonly number[] {
  return TOKEN_LEVELS.map((level) => columns[level]);
}
