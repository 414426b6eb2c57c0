/**
 * Rows of a list: what they keep of the records that were merged into them. docs/spec/encoding.md, "From records to rows".
 */
import { hash } from "node:crypto";
import { PROVENANCE_BYTES } from "./encoded-records.ts";
import type { HandlingFacts, HandlingTexts } from "./handling-facts.ts";
import type { OwnDuplicates } from "./own-duplicates.ts";
import type { PackedTexts } from "./packed-texts.ts";

/** What a row keeps of the records merged into it; none of it travels. */
export type Row = {
  /** The party's own references, in order of the list. */
  readonly refs: readonly string[];
  /** At most four references of origin; empty: unknown. */
  readonly origins: readonly string[];
  readonly handlingFacts: HandlingFacts;
};

const MAX_ORIGINS = 4;
/** Shared by all rows without an origin: there are many. */
const NO_ORIGINS: readonly string[] = [];

/** What is known of each record. */
export type Records = {
  readonly refs: PackedTexts;
  readonly origins: PackedTexts;
  /** Numbers of texts in `handlingTexts`. */
  readonly handling: Uint32Array;
  readonly handlingTexts: HandlingTexts;
};

export function mergedCoverage(coverage: Uint8Array, { rowOf, rowCount }: OwnDuplicates): Uint8Array {
  const merged = new Uint8Array(rowCount);
  rowOf.forEach((row, record) => {
    merged[row] = (merged[row] as number) | (coverage[record] as number);
  });
  return merged;
}

/** First record of each row, and of rows of several records all of them, in order of the list. */
function membersOf({ rowOf, rowCount }: OwnDuplicates): { first: Int32Array; several: Map<number, number[]> } {
  const first = new Int32Array(rowCount).fill(-1);
  const several = new Map<number, number[]>();
  rowOf.forEach((row, record) => {
    const before = first[row] as number;
    if (before < 0) {
      first[row] = record;
      return;
    }
    const members = several.get(row);
    if (members === undefined) several.set(row, [before, record]);
    else members.push(record);
  });
  return { first, several };
}

export function mergedProvenance(provenance: Uint8Array, duplicates: OwnDuplicates): Uint8Array {
  const merged = new Uint8Array(duplicates.rowCount * PROVENANCE_BYTES);
  const { first, several } = membersOf(duplicates);
  first.forEach((record, row) => {
    const members = several.get(row);
    const joined = members && Buffer.concat(members.map((member) => digestAt(provenance, member)));
    merged.set(
      joined === undefined ? digestAt(provenance, record) : hash("sha256", joined, "buffer"),
      row * PROVENANCE_BYTES,
    );
  });
  return merged;
}

/** Rows in order, each put together when it is asked for: as objects they would take ten times the room. */
export class Rows {
  readonly #records: Records;
  readonly #first: Int32Array;
  readonly #several: ReadonlyMap<number, readonly number[]>;

  constructor(records: Records, duplicates: OwnDuplicates) {
    const { first, several } = membersOf(duplicates);
    this.#records = records;
    this.#first = first;
    this.#several = several;
  }

  get length(): number {
    return this.#first.length;
  }

  /** @throws RangeError if there is no such row. */
  at(row: number): Row {
    const first = this.#first[row];
    if (first === undefined) throw new RangeError(`no row ${row}`);
    const { refs, origins, handling, handlingTexts } = this.#records;
    const members = this.#several.get(row) ?? [first];
    const known = [...new Set(members.map((member) => origins.at(member)))].filter((origin) => origin !== "");
    return {
      refs: members.map((member) => refs.at(member)),
      origins: known.length === 0 ? NO_ORIGINS : known.slice(0, MAX_ORIGINS),
      handlingFacts: handlingTexts.merged(members.map((member) => handling[member] as number)),
    };
  }

  *[Symbol.iterator](): Generator<Row> {
    for (let row = 0; row < this.length; row++) yield this.at(row);
  }
}

/** @returns A view on one record's provenance. */
export function digestAt(provenance: Uint8Array, record: number): Uint8Array {
  return provenance.subarray(record * PROVENANCE_BYTES, (record + 1) * PROVENANCE_BYTES);
}
