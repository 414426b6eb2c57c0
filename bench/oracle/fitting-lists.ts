/**
 * The lists that the oracle is fitted on: fictional people of seeds that nothing else uses.
 */
import { parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import { generateRecords, generateTruth, type FixtureOptions } from "#fixtures/people.ts";
import type { LabelledLists } from "./oracle.ts";

/** Both presets, several parties and overlaps. */
export const FITTED: readonly FixtureOptions[] = [
  { seed: 7301, recordsPerParty: 2000, parties: ["RS", "BG"], overlap: 0.45, preset: "medium" },
  { seed: 7302, recordsPerParty: 2000, parties: ["MK", "HR"], overlap: 0.45, preset: "medium" },
  { seed: 7303, recordsPerParty: 2000, parties: ["AL", "RO"], overlap: 0.3, preset: "medium" },
  { seed: 7304, recordsPerParty: 2000, parties: ["HU", "BA"], overlap: 0.45, preset: "life" },
  { seed: 7305, recordsPerParty: 2000, parties: ["AT", "ME"], overlap: 0.45, preset: "life" },
  { seed: 7306, recordsPerParty: 2000, parties: ["SI", "MD"], overlap: 0.3, preset: "life" },
];

/** @param options - Of exactly two parties. */
export function labelledLists(options: FixtureOptions): LabelledLists {
  const [partyA, partyB] = options.parties;
  if (partyA === undefined || partyB === undefined || options.parties.length > 2)
    throw new RangeError("two parties are linked at a time");
  const truth = new Set<string>();
  for (const { refs } of generateTruth(options)) {
    const refsB = refs.filter(({ party }) => party === partyB);
    for (const a of refs.filter(({ party }) => party === partyA))
      for (const b of refsB) truth.add(`${a.rec_id}\u0000${b.rec_id}`);
  }
  return { listA: recordsOf(options, partyA), listB: recordsOf(options, partyB), truth };
}

function recordsOf(options: FixtureOptions, party: string): PersonRecord[] {
  return [...generateRecords(options, party)].map((record, line) => parsePerson(record, line + 1));
}
