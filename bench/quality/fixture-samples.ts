/**
 * Fictional people of seeds that neither the weights nor the frequency table have seen (fixtures/fit-weights.ts has 7001 and 7101 to 7109).
 */
import { parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import { generateRecords, generateTruth, type FixtureOptions } from "#fixtures/people.ts";
import { personOf } from "#fixtures/person.ts";
import { planBlock } from "#fixtures/plan.ts";
import type { Scale } from "../measurement.ts";
import { pairName, type DataSet, type Sample } from "./sample.ts";

type Draw = FixtureOptions & { readonly pairings: readonly (readonly [string, string])[] };

const OVERLAP = 0.25;
const RECORDS: Record<Scale, number> = { smoke: 300, usual: 3000, full: 3000 };

/** Every party at least once, and Latin with Latin, Latin with Cyrillic, Cyrillic with Cyrillic. */
const FRESH: readonly (Pick<FixtureOptions, "seed" | "preset"> & { readonly ring: readonly string[] })[] = [
  { seed: 9201, preset: "medium", ring: ["RS", "BG", "HU", "AL"] },
  { seed: 9202, preset: "life", ring: ["MK", "AT", "HR", "RO"] },
  { seed: 9203, preset: "medium", ring: ["MD", "ME", "SI", "BA"] },
  { seed: 9204, preset: "life", ring: ["RS", "MK", "AL", "SI"] },
  { seed: 9205, preset: "life", ring: ["BG", "ME", "HU", "AT"] },
];

/** Of four parties three pairings: both ends of the ring and its middle. */
function draws(scale: Scale): Draw[] {
  const used = scale === "smoke" ? FRESH.slice(0, 2) : FRESH;
  return used.map(({ seed, preset, ring: [one = "", two = "", three = "", four = ""] }) => ({
    seed,
    preset,
    parties: [one, two, three, four],
    recordsPerParty: RECORDS[scale],
    overlap: OVERLAP,
    pairings: [
      [one, two],
      [two, three],
      [three, four],
    ],
  }));
}

/** Five fresh seeds (two at smoke size), three pairings of four parties each. */
export function freshFixtures(scale: Scale): DataSet {
  return { name: "fixtures", samples: draws(scale).flatMap(samplesOf) };
}

function samplesOf(draw: Draw): Sample[] {
  const lists = new Map(
    draw.parties.map((party): [string, PersonRecord[]] => [
      party,
      [...generateRecords(draw, party)].map((record, at) => parsePerson(record, at + 1)),
    ]),
  );
  const homeOf = homeReader(draw);
  const entries = [...generateTruth(draw)];
  return draw.pairings.map(([partyA, partyB]) => {
    const truth = new Set<string>();
    const homes = new Map<string, string>();
    for (const { person, refs } of entries) {
      for (const a of refs.filter(({ party }) => party === partyA)) {
        for (const b of refs.filter(({ party }) => party === partyB)) {
          const name = pairName(a.rec_id, b.rec_id);
          truth.add(name);
          homes.set(name, homeOf(person));
        }
      }
    }
    return {
      name: `${partyA}-${partyB} seed ${draw.seed} ${draw.preset}`,
      listA: lists.get(partyA) ?? [],
      listB: lists.get(partyB) ?? [],
      truth,
      homes,
    };
  });
}

/** Country of a person of the truth, made anew from its number. */
function homeReader({ seed, recordsPerParty, parties, overlap }: FixtureOptions): (person: string) => string {
  const plan = planBlock(seed, recordsPerParty, parties.length, overlap);
  const inBlock = plan.persons.length;
  return (id) => {
    const person = Number(id.slice(2)) - 1;
    return personOf(plan, seed, parties, Math.floor(person / inBlock), person % inBlock).home;
  };
}
