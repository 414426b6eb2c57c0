/**
 * Coverage classes: which kinds of facts a row has, so that the engine can tell missing from disagreeing.
 * A class with few rows would narrow down who is in it, so thin ones merge into classes with fewer facts.
 */
import { LinkageError } from "../errors.ts";
import { MIN_CLASS_ROWS, type Profile } from "../profile.ts";
import type { RecordFacts } from "./facts.ts";

const COVERAGE_FACTS: Readonly<Record<string, (facts: RecordFacts) => boolean>> = {
  "birth-year": ({ dates }) => dates.some(({ approximate }) => approximate !== true),
  "birth-date": ({ dates }) => dates.some(({ day }) => day !== undefined),
  identifier: ({ documents, phones, onlineIds }) => documents.length + phones.length + onlineIds.length > 0,
  place: ({ birthPlaces, address }) => birthPlaces.length > 0 || address.locality !== "" || address.street !== "",
};

const FACT_NAMES = Object.keys(COVERAGE_FACTS);

/** @returns The coverage facts that the record has, one bit each. */
export function coverageBits(facts: RecordFacts): number {
  return FACT_NAMES.reduce((bits, name, at) => bits | (Number(COVERAGE_FACTS[name]?.(facts) ?? false) << at), 0);
}

/** @throws {@link LinkageError} `profile-invalid` when this encoder does not know the fact. */
export function coverageBit(name: string): number {
  const at = FACT_NAMES.indexOf(name);
  if (at < 0) throw new LinkageError("profile-invalid", `no such coverage fact: ${name}`);
  return 1 << at;
}

/**
 * @param coverage - Bits of coverage facts.
 * @returns The largest of the profile's classes all of whose facts are among them.
 * @throws {@link LinkageError} `profile-invalid` when a class names a fact that this encoder does not know.
 */
export function classOf(profile: Profile, coverage: number): number {
  let best = 0;
  let size = 0;
  profile.coverageClasses.forEach(({ facts }, index) => {
    const wanted = facts.reduce((bits, name) => bits | coverageBit(name), 0);
    if (facts.length > size && (coverage & wanted) === wanted) {
      best = index;
      size = facts.length;
    }
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
