/**
 * Bench `fishing`: what a party learns that puts guesses into its list. Persons drawn from a register, here the records of
 * eight other parties, take the place of its own; a hit on one tells it that the counterpart holds that person.
 * `npm run -s bench -- fishing [--json]`; docs/security.md quotes it.
 */
import { linkLists, type LinkedPair } from "#client/link.ts";
import { cellMaker } from "#engine/encode/cells.ts";
import { shippedTable } from "#engine/encode/information.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { Draws } from "#fixtures/draws.ts";
import { generateRecords, generateTruth, type FixtureOptions } from "#fixtures/people.ts";
import { createHash } from "node:crypto";
import type { Bench, Measurement, Scale } from "./measurement.ts";
import { encodeList } from "./quality/blind.ts";

const SEED = 20_26;
export const FISHER = "AT";
export const TARGET = "HR";
const REGISTER = ["AL", "BA", "BG", "HU", "MK", "RO", "RS", "SI"];
/** Of the fisher's list that are guesses. */
const SHARES = [0, 0.01, 0.05, 1];
const RECORDS: Record<Scale, number> = { smoke: 300, usual: 5_000, full: 20_000 };

export const fishing: Bench = {
  name: "fishing",
  about:
    "guesses drawn from a register, at 1, 5 and 100 % of a list: how many of them a hit confirms, and by how much the hit rate stands out",
  measure: (scale) => measureFishing(fishingOptions(scale)),
};

export async function* measureFishing(options: FixtureOptions): AsyncGenerator<Measurement> {
  const makeCells = await cellMaker(SHIPPED_PROFILE, shippedTable(SHIPPED_PROFILE.frequencyTable));
  const encode = (records: readonly PersonRecord[]): EncodedList => encodeList(SHIPPED_PROFILE, makeCells, records);
  const target = encode(listOf(options, TARGET));
  const held = heldByTarget(options);
  let usualRate = 0;
  for (const share of SHARES) {
    const started = performance.now();
    const { guesses, list } = fishersList(options, share);
    const own = encode(list);
    const pairs = linkLists(own, target).pairs.filter(({ band }) => band !== "none");
    const rate = countHits(own, target, pairs) / own.rows.length;
    if (share === 0) usualRate = rate;
    yield measured(share, guesses, held, pairs, rate / usualRate, performance.now() - started);
  }
}

export function fishingOptions(scale: Scale, seed = SEED): FixtureOptions {
  const parties = [FISHER, TARGET, ...REGISTER].sort();
  return { seed, recordsPerParty: RECORDS[scale], parties, overlap: 0.08, preset: "life" };
}

/** @returns Guesses drawn from the register, and the list in which they stand in the place of as many own records. */
export function fishersList(
  options: FixtureOptions,
  share: number,
): { readonly guesses: readonly PersonRecord[]; readonly list: readonly PersonRecord[] } {
  const honest = listOf(options, FISHER);
  const register = shuffled(REGISTER.flatMap((party) => listOf(options, party)));
  const guesses = register.slice(0, Math.round(honest.length * share));
  return { guesses, list: [...guesses, ...honest.slice(guesses.length)] };
}

export function listOf(options: FixtureOptions, party: string): PersonRecord[] {
  return [...generateRecords(options, party)].map((record, at) => parsePerson(record, at + 1));
}

/** @returns Pairs of rows: pairs of references are more where own duplicates are merged. */
function countHits(own: EncodedList, target: EncodedList, pairs: readonly LinkedPair[]): number {
  const [rowsA, rowsB] = [rowsByReference(own), rowsByReference(target)];
  return new Set(pairs.map(({ refA, refB }) => `${rowsA.get(refA)} ${rowsB.get(refB)}`)).size;
}

function rowsByReference({ rows }: EncodedList): Map<string, number> {
  const found = new Map<string, number>();
  for (let row = 0; row < rows.length; row++) for (const ref of rows.at(row).refs) found.set(ref, row);
  return found;
}

function measured(
  share: number,
  guesses: readonly PersonRecord[],
  held: ReadonlyMap<string, ReadonlySet<string>>,
  pairs: readonly LinkedPair[],
  timesUsualRate: number,
  medianMs: number,
): Measurement {
  const guessed = new Set(guesses.map(({ rec_id }) => rec_id));
  const onGuesses = pairs.filter(({ refA }) => guessed.has(refA));
  const confirmed = onGuesses.filter(({ refA, refB }) => held.get(refA)?.has(refB));
  const size = {
    percent: share * 100,
    guesses: guesses.length,
    heldByTarget: guesses.filter(({ rec_id }) => held.has(rec_id)).length,
    guessesWithHit: new Set(onGuesses.map(({ refA }) => refA)).size,
    ofTheseTrue: new Set(confirmed.map(({ refA }) => refA)).size,
    percentOfUsualRate: Math.round(timesUsualRate * 100),
  };
  const checksum = createHash("sha256").update(JSON.stringify(size)).digest("hex").slice(0, 16);
  return { size, rates: {}, medianMs, repeats: 1, checksum };
}

/** @returns For each of the register's records whose person the target holds too, the target's records of that person. */
export function heldByTarget(options: FixtureOptions): Map<string, Set<string>> {
  const held = new Map<string, Set<string>>();
  for (const { refs } of generateTruth(options)) {
    const ofTarget = refs.filter(({ party }) => party === TARGET).map(({ rec_id }) => rec_id);
    if (ofTarget.length === 0) continue;
    for (const { party, rec_id } of refs) if (REGISTER.includes(party)) held.set(rec_id, new Set(ofTarget));
  }
  return held;
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const draws = new Draws(SEED);
  const order = items.map((item) => ({ item, at: draws.unit() }));
  return order.sort((one, other) => one.at - other.at).map(({ item }) => item);
}
