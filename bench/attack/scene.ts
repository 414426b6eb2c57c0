/**
 * Lists of several parties with known truth, families and namesakes among them, and their encodings: what attacks are tried on.
 */
import { cellMaker } from "#engine/encode/cells.ts";
import { shippedTable } from "#engine/encode/information.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { generateRecords, generateTruth, PARTIES, type FixtureOptions } from "#fixtures/people.ts";
import type { Scale } from "../measurement.ts";
import { encodeList } from "../quality/blind.ts";

export type Scene = {
  readonly options: FixtureOptions;
  /** In order of party. */
  readonly parties: readonly string[];
  /** Records of a party, in its list's order. */
  readonly recordsOf: (party: string) => readonly PersonRecord[];
  /** The list as the party encodes it under the shipped profile; encoded once. */
  readonly encodedOf: (party: string) => EncodedList;
  /** Id of the person that a reference stands for; the reference itself for a person with one record. */
  readonly personOf: (ref: string) => string;
};

export type SceneSize = {
  readonly seed: number;
  readonly recordsPerParty: number;
  readonly partyCount: number;
  /** Share of a party's records whose person a given other party also holds. */
  readonly overlap: number;
};

type Sizes = Pick<SceneSize, "partyCount" | "recordsPerParty" | "overlap">;

const sizes = (partyCount: number, recordsPerParty: number, overlaps: readonly number[]): Sizes[] =>
  overlaps.map((overlap) => ({ partyCount, recordsPerParty, overlap }));
const OVERLAPS = [0.05, 0.2, 0.5];

const SIZES: Record<Scale, readonly Sizes[]> = {
  smoke: sizes(2, 600, [0.2]),
  usual: [...sizes(2, 2_000, OVERLAPS), ...sizes(6, 2_000, [0.2])],
  full: [...[2, 6, 12].flatMap((partyCount) => sizes(partyCount, 5_000, OVERLAPS)), ...sizes(2, 50_000, [0.2])],
};

/** @returns Scenes in which lists meet, one after the other. */
export function sceneSizes(scale: Scale, seed: number): SceneSize[] {
  return SIZES[scale].map((size) => ({ seed, ...size }));
}

export function describeScene({ partyCount, recordsPerParty, overlap }: SceneSize): string {
  return `${partyCount} parties of ${recordsPerParty.toLocaleString("en")} records, overlap ${overlap}`;
}

export async function makeScene({ seed, recordsPerParty, partyCount, overlap }: SceneSize): Promise<Scene> {
  const parties = PARTIES.slice(0, partyCount);
  const options: FixtureOptions = { seed, recordsPerParty, parties, overlap, preset: "medium" };
  const makeCells = await cellMaker(SHIPPED_PROFILE, shippedTable(SHIPPED_PROFILE.frequencyTable));
  const persons = new Map<string, string>();
  for (const { person, refs } of generateTruth(options)) for (const { rec_id } of refs) persons.set(rec_id, person);
  const recordsOf = remembered((party) =>
    [...generateRecords(options, party)].map((record, at) => parsePerson(record, at + 1)),
  );
  return {
    options,
    parties,
    recordsOf,
    encodedOf: remembered((party) => encodeList(SHIPPED_PROFILE, makeCells, recordsOf(party))),
    personOf: (ref) => persons.get(ref) ?? ref,
  };
}

function remembered<Value>(make: (party: string) => Value): (party: string) => Value {
  const known = new Map<string, Value>();
  return (party) => {
    const value = known.get(party) ?? make(party);
    known.set(party, value);
    return value;
  };
}
