/**
 * Comparison of two records' dates of birth: the best level over their alternatives.
 */
import type { PartialDate } from "#engine/encode/person.ts";
import { FIELD_LEVELS, type LevelOf } from "./features.ts";
import { withinOneEdit } from "./similarity.ts";

export type BirthDates = {
  readonly dates: readonly PartialDate[];
  /** The party holds the date for approximate, or a range. */
  readonly isApproximate: boolean;
};

export type DateLevel = LevelOf<"birthDate">;

/** @returns undefined when either side knows no date. */
export function compareBirthDates(a: BirthDates, b: BirthDates): DateLevel | undefined {
  let best: DateLevel | undefined;
  const isApproximate = a.isApproximate || b.isApproximate;
  for (const one of a.dates) {
    for (const other of b.dates) {
      const level = compareDates(one, other, isApproximate);
      if (best === undefined || FIELD_LEVELS.birthDate[level] > FIELD_LEVELS.birthDate[best]) best = level;
    }
  }
  return best;
}

function compareDates(one: PartialDate, other: PartialDate, isApproximate: boolean): DateLevel {
  const years = Math.abs(one.year - other.year);
  if (one.month === undefined || other.month === undefined) return compareYears(years, isApproximate);
  if (one.day === undefined || other.day === undefined) {
    if (years === 0) return one.month === other.month ? "yearMonth" : "fullYear";
    return compareYears(years, isApproximate);
  }
  if (one.month === other.month && one.day === other.day) {
    if (years === 0) return "exact";
    if (years === 1) return "yearOff1";
    if (years <= 5) return "yearOff5";
    return withinOneEdit(String(one.year), String(other.year)) ? "yearDigit" : "dayMonth";
  }
  if (years === 0) {
    if (one.month === other.day && one.day === other.month) return "swapped";
    if (withinOneEdit(dayMonth(one.day, one.month), dayMonth(other.day, other.month))) return "oneDigit";
    return one.month === other.month || one.day === other.day ? "onePart" : "fullYear";
  }
  if (years === 1) return "fullNear1";
  return years <= 5 ? "fullNear5" : "fullFar";
}

function compareYears(years: number, isApproximate: boolean): DateLevel {
  if (years === 0) return isApproximate ? "approxYear" : "year";
  if (years === 1) return isApproximate ? "approxNear1" : "yearNear1";
  if (years <= 5) return isApproximate ? "approxNear5" : "yearNear5";
  return isApproximate ? "approxFar" : "yearFar";
}

function dayMonth(day: number, month: number): string {
  return String(day * 100 + month).padStart(4, "0");
}
