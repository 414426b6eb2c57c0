/**
 * Bench `fishing`: what a party learns that puts guesses into its list. Persons drawn from a register, here the records of
 * eight other parties, take the place of its own; a hit on one tells it that the counterpart holds that person.
 * `npm run -s bench -- fishing [--json]`; docs/security.md quotes it.
 */
import { linkLists, type LinkedPair } from "#client/link.ts";
import { cellMaker } from "#engine/encode/cells.ts";
import { shippedTable } from "#engine/encode/information.ts";
import { parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { Draws } from "#fixtures/draws.ts";
import { generateRecords, generateTruth, type FixtureOptions } from "#fixtures/people.ts";
import { createHash } from "node:crypto";
import type { Bench, Measurement, Scale } from "./measurement.ts";
import { encodeList } from "./quality/blind.ts";

const SEED = 20_26;
const FISHER = "AT";
const TARGET = "HR";
const REGISTER = ["AL", "BA", "BG", "HU", "MK", "RO", "RS", "SI"];
/** Of the fisher's list that are guesses. */
const SHARES = [0, 0.01, 0.05, 1];
const RECORDS: Record<Scale, number> = { smoke: 300, usual: 5_000, full: 20_000 };

export const fishing: Bench = {
  name: "fishing",
  about:
    "guesses drawn from a register, at 1, 5 and 100 % of a list: how many of them a hit confirms, and by how much the hit rate stands out",
  async *measure(scale) {
    const options: FixtureOptions = {
      seed: SEED,
      recordsPerParty: RECORDS[scale],
      parties: [FISHER, TARGET, ...REGISTER].sort(),
      overlap: 0.08,
      preset: "life",
    };
    const makeCells = await cellMaker(SHIPPED_PROFILE, shippedTable(SHIPPED_PROFILE.frequencyTable));
    const listOf = (party: string): PersonRecord[] =>
      [...generateRecords(options, party)].map((record, at) => parsePerson(record, at + 1));
    const honest = listOf(FISHER);
    const target = encodeList(SHIPPED_PROFILE, makeCells, listOf(TARGET));
    const held = heldByTarget(options);
    const register = shuffled(REGISTER.flatMap(listOf));
    let honestRate = 0;
    for (const share of SHARES) {
      const started = performance.now();
      const guesses = register.slice(0, Math.round(honest.length * share));
      const list = [...guesses, ...honest.slice(guesses.length)];
      const { pairs } = linkLists(encodeList(SHIPPED_PROFILE, makeCells, list), target);
      const released = pairs.filter(({ band }) => band !== "none");
      const rate = released.length / honest.length;
      if (share === 0) honestRate = rate;
      yield measured(share, guesses, held, released, rate / honestRate, performance.now() - started);
    }
  },
};

function measured(
  share: number,
  guesses: readonly PersonRecord[],
  held: ReadonlySet<string>,
  released: readonly LinkedPair[],
  timesUsualRate: number,
  medianMs: number,
): Measurement {
  const guessed = new Set(guesses.map(({ rec_id }) => rec_id));
  const hit = new Set(released.map(({ refA }) => refA).filter((ref) => guessed.has(ref)));
  const confirmed = [...hit].filter((ref) => held.has(ref));
  const size = {
    percent: share * 100,
    guesses: guesses.length,
    heldByTarget: guesses.filter(({ rec_id }) => held.has(rec_id)).length,
    guessesWithHit: hit.size,
    ofTheseTrue: confirmed.length,
    percentOfUsualRate: Math.round(timesUsualRate * 100),
  };
  const checksum = createHash("sha256").update(JSON.stringify(size)).digest("hex").slice(0, 16);
  return { size, rates: {}, medianMs, repeats: 1, checksum };
}

/** @returns References of the register's records whose person the target holds too. */
function heldByTarget(options: FixtureOptions): Set<string> {
  const held = new Set<string>();
  for (const { refs } of generateTruth(options))
    if (refs.some(({ party }) => party === TARGET))
      for (const { party, rec_id } of refs) if (REGISTER.includes(party)) held.add(rec_id);
  return held;
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const draws = new Draws(SEED);
  const order = items.map((item) => ({ item, at: draws.unit() }));
  return order.sort((one, other) => one.at - other.at).map(({ item }) => item);
}
