/**
 * Lists for tests of the encoding: records, cells and whole lists, and a random source that repeats itself.
 */
import { createHash } from "node:crypto";
import { cellMaker, type CellMaker } from "#engine/encode/cells.ts";
import { memoryCellStore, type CellColumn, type CellStore } from "#engine/encode/cell-store.ts";
import { DIGEST_BYTES } from "#engine/encode/digests.ts";
import type { Pairing } from "#engine/encode/encode-batch.ts";
import type { RandomFill } from "#engine/uniform.ts";
import type { RecordFacts } from "#engine/encode/facts.ts";
import { shippedTable } from "#engine/encode/information.ts";
import { listEncoder, type EncodedList } from "#engine/encode/list.ts";
import { parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import type { Profile } from "#engine/profile.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { generateRecords } from "#fixtures/people.ts";

/** Makes cells under the shipped profile. */
export const makeCells = await cellMaker(SHIPPED_PROFILE, shippedTable(SHIPPED_PROFILE.frequencyTable));

/** The shipped profile, with classes for the facts that a row may have, and weights for those that disagree. */
export const CLASSED_PROFILE: Profile = {
  ...SHIPPED_PROFILE,
  coverageClasses: [
    { facts: [], mergesInto: null },
    { facts: ["place"], mergesInto: 0 },
    { facts: ["birth-year"], mergesInto: 0 },
    { facts: ["birth-year", "place"], mergesInto: 2 },
    { facts: ["birth-year", "birth-date"], mergesInto: 2 },
    { facts: ["birth-year", "birth-date", "place"], mergesInto: 4 },
    { facts: ["birth-year", "birth-date", "identifier"], mergesInto: 4 },
    { facts: ["birth-year", "birth-date", "place", "identifier"], mergesInto: 5 },
  ],
  weights: {
    ...SHIPPED_PROFILE.weights,
    groups: SHIPPED_PROFILE.weights.groups.map((group) => {
      const coverage = { document: "identifier", year: "birth-year", day: "birth-date", place: "place" }[group.id];
      return coverage === undefined ? group : { ...group, coverage, disagreeBits: group.missingBits.map(() => -1) };
    }),
  },
};

/** One cell of a record. */
export type Cell = { readonly rule: number; readonly digest: Uint8Array; readonly bits: number };

/** @returns The cells of one record, and how many more there would be. */
export function cellsOf(facts: RecordFacts, make: CellMaker = makeCells): { cells: Cell[]; surplus: number } {
  const { rule, digests, bits, surplus } = make([facts]);
  const cells = Array.from(rule, (index, at) => ({
    rule: index,
    digest: digests.slice(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES),
    bits: bits[at] ?? NaN,
  }));
  return { cells, surplus: surplus[0] ?? NaN };
}

/** @returns A record with these fields, all others empty. */
export function person(fields: Record<string, unknown>): PersonRecord {
  return parsePerson({ rec_id: "R1", ...fields }, 1);
}

/** @returns Generated records of one party, the same in every run. */
export function generatedRecords(count: number, party = "HR", seed = 11): PersonRecord[] {
  const options = { seed, recordsPerParty: count, parties: ["AT", "HR"], overlap: 0.3, preset: "life" } as const;
  return [...generateRecords(options, party)].map((record, at) => parsePerson(record, at + 1));
}

/** @returns The records encoded under the shipped profile. */
export function encoded(records: readonly PersonRecord[], store: CellStore = memoryCellStore()): EncodedList {
  const encoder = listEncoder(SHIPPED_PROFILE, makeCells, store);
  for (const record of records) encoder.add(record);
  return encoder.finish();
}

/** @returns A column of one rule whose cells hold these texts, hashed. */
export function columnOf(
  cells: readonly { readonly fact: string; readonly owner: number; readonly bits?: number }[],
): CellColumn {
  const digests = new Uint8Array(16 * cells.length);
  cells.forEach(({ fact }, at) => {
    digests.set(createHash("sha256").update(fact).digest().subarray(0, 16), 16 * at);
  });
  return {
    digests,
    owner: Uint32Array.from(cells, ({ owner }) => owner),
    bits: Float32Array.from(cells, ({ bits = 30 }) => bits),
  };
}

/** @returns d of each cell, hexadecimal. */
export function digestsOf({ digests, owner }: CellColumn): string[] {
  return Array.from(owner, (_, at) => Buffer.from(digests.subarray(16 * at, 16 * at + 16)).toString("hex"));
}

/** @returns Bytes that depend on `seed` alone. */
export function randomFrom(seed: string): RandomFill {
  let block = 0;
  return (target) => {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    for (let at = 0; at < bytes.length; at += 32) {
      const drawn = createHash("sha256").update(`${seed} ${block++}`).digest();
      bytes.set(drawn.subarray(0, Math.min(32, bytes.length - at)), at);
    }
  };
}

/** @returns A pairing of AT with HR, 125 rows each, under a K_tag drawn from `name`. */
export function pairingOf(name: string, change: Partial<Pairing> = {}): Pairing {
  const hash = (what: string): Buffer => createHash("sha256").update(`${name} ${what}`).digest();
  return {
    round: "2026-4",
    t1: hash("t1").toString("base64url"),
    from: "AT",
    to: "HR",
    keyId: hash("id").subarray(0, 16).toString("base64url"),
    keyTag: hash("tag"),
    rowCount: 125,
    counterpartRowCount: 125,
    provenanceSeed: hash("seed"),
    ...change,
  };
}
