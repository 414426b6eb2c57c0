/**
 * Coverage classes: which kinds of facts a row has, so that the engine can tell missing from disagreeing.
 * A class with few rows would narrow down who is in it, so thin ones merge into classes with fewer facts.
 */
import { LinkageError } from "../errors.ts";
import { MIN_CLASS_ROWS, type Profile } from "../profile.ts";
import type { RecordFacts } from "./facts.ts";

const COVERAGE_FACTS: Readonly<Record<string, (facts: RecordFacts) => boolean>> = {
  "birth-year": ({ dates }) => dates.length > 0,
  "birth-date": ({ dates }) => dates.some(({ day }) => day !== undefined),
  identifier: ({ documents, phones, onlineIds }) => documents.length + phones.length + onlineIds.length > 0,
  place: ({ birthPlaces, address }) => birthPlaces.length > 0 || address.locality !== "" || address.street !== "",
};

/**
 * @returns The largest of the profile's classes all of whose facts the record has.
 * @throws {@link LinkageError} `profile-invalid` when a class names a fact that this encoder does not know.
 */
export function coverageOf(profile: Profile, facts: RecordFacts): number {
  return classWith(profile, (fact) => {
    const has = Object.hasOwn(COVERAGE_FACTS, fact) ? COVERAGE_FACTS[fact] : undefined;
    if (has === undefined) throw new LinkageError("profile-invalid", `no such coverage fact: ${fact}`);
    return has(facts);
  });
}

/**
 * @param classes - In any order.
 * @returns The class that has the facts of all.
 */
export function joinedClass(profile: Profile, classes: readonly number[]): number {
  const has = new Set(classes.flatMap((index) => profile.coverageClasses[index]?.facts ?? []));
  return classWith(profile, (fact) => has.has(fact));
}

/** Largest class of the profile whose facts are all there. */
function classWith(profile: Profile, has: (fact: string) => boolean): number {
  let best = 0;
  profile.coverageClasses.forEach((coverage, index) => {
    const size = coverage.facts.length;
    if (size > (profile.coverageClasses[best]?.facts.length ?? 0) && coverage.facts.every(has)) best = index;
  });
  return best;
}

/**
 * Merges thin classes, the last of the profile first; if class 0 is then thin itself, it takes the next ones in.
 *
 * @param classes - Class of each row.
 * @returns Classes of which none has 1 to 19 rows, unless the list has fewer than 20 rows: then all are class 0.
 */
export function settleClasses(profile: Profile, classes: Uint8Array): Uint8Array {
  const settled = classes.slice();
  const countOf = (index: number): number => settled.reduce((sum, found) => sum + Number(found === index), 0);
  const merge = (index: number, into: number): void => {
    settled.forEach((found, row) => {
      if (found === index) settled[row] = into;
    });
  };
  for (let index = profile.coverageClasses.length - 1; index > 0; index--) {
    if (countOf(index) < MIN_CLASS_ROWS) merge(index, profile.coverageClasses[index]?.mergesInto ?? 0);
  }
  for (let index = 1; index < profile.coverageClasses.length; index++) {
    const thin = countOf(0);
    if (thin > 0 && thin < MIN_CLASS_ROWS) merge(index, 0);
  }
  return settled;
}
