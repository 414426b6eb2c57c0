/**
 * Some records of a list, encoded: what the list keeps of each of them, and their cells rule by rule.
 * Records do not depend on one another here, so that parts of a list can be encoded on several threads.
 */
import { hash } from "node:crypto";
import { canonicalBytes } from "../canonical-json.ts";
import type { Profile } from "../profile.ts";
import { emptyColumn, type CellColumn } from "./cell-store.ts";
import type { CellMaker, RecordCells } from "./cells.ts";
import { coverageBits } from "./coverage.ts";
import { DIGEST_BYTES } from "./digests.ts";
import { factsOf, type RecordFacts } from "./facts.ts";
import { nameReader } from "./names/name-reader.ts";
import { usesOtherScript } from "./names/other-scripts.ts";
import { handlingTextOf } from "./handling-facts.ts";
import type { PersonRecord } from "./person.ts";

export const PROVENANCE_BYTES = 32;

/** One entry for each record, in their order, where nothing else is said. */
export type EncodedRecords = {
  /** The party's own references. */
  readonly refs: readonly string[];
  /** References of origin; empty: unknown. */
  readonly origins: readonly string[];
  /** As {@link handlingTextOf}. */
  readonly handling: readonly string[];
  /** Bits of the coverage facts. */
  readonly coverage: Uint8Array;
  /** SHA-256 of the provenance, 32 bytes each. */
  readonly provenance: Uint8Array;
  /** Cells beyond the rules' slots. */
  readonly surplus: Float64Array;
  /** 1 for a name in a script other than Latin, Greek or Cyrillic. */
  readonly otherScript: Uint8Array;
  /** Cells of each rule, profile order; owners are positions among these records. */
  readonly columns: readonly CellColumn[];
};

/**
 * Encodes parts of one list. It knows the names that it has read, so it must go when the list is done.
 *
 * @param makeCells - Of `profile`.
 */
export function recordEncoder(
  profile: Profile,
  makeCells: CellMaker,
): (records: readonly PersonRecord[]) => EncodedRecords {
  const readName = nameReader();
  return (records) => {
    const facts = records.map((record) => factsOf(record, readName));
    const cells = makeCells(facts);
    const provenance = new Uint8Array(records.length * PROVENANCE_BYTES);
    records.forEach((record, at) => {
      provenance.set(provenanceDigest(record), at * PROVENANCE_BYTES);
    });
    return {
      refs: records.map(({ rec_id }) => rec_id),
      origins: records.map(({ origin_ref }) => origin_ref),
      handling: records.map(handlingTextOf),
      coverage: Uint8Array.from(facts, (found: RecordFacts) => coverageBits(found)),
      provenance,
      surplus: cells.surplus,
      otherScript: Uint8Array.from(records, (record: PersonRecord) => Number(namesOf(record).some(usesOtherScript))),
      columns: columnsOf(cells, profile.rules.length),
    };
  };
}

function namesOf({ family_name, given_name, patronymic, aliases }: PersonRecord): string[] {
  return [family_name, given_name, patronymic, ...aliases];
}

function columnsOf({ ends, rule, digests, bits }: RecordCells, ruleCount: number): CellColumn[] {
  const counts = new Uint32Array(ruleCount);
  for (const index of rule) counts[index] = (counts[index] as number) + 1;
  const columns = Array.from(counts, emptyColumn);
  const words = columns.map((column) => new Uint32Array(column.digests.buffer));
  const from = new Uint32Array(digests.buffer, digests.byteOffset, digests.length / Uint32Array.BYTES_PER_ELEMENT);
  const width = DIGEST_BYTES / Uint32Array.BYTES_PER_ELEMENT;
  counts.fill(0);
  let cell = 0;
  for (let record = 0; record < ends.length; record++) {
    for (; cell < (ends[record] as number); cell++) {
      const index = rule[cell] as number;
      const { owner, bits: kept } = columns[index] as (typeof columns)[number];
      const into = words[index] as Uint32Array;
      const at = counts[index] as number;
      counts[index] = at + 1;
      for (let word = 0; word < width; word++) into[at * width + word] = from[cell * width + word] as number;
      owner[at] = record;
      kept[at] = bits[cell] as number;
    }
  }
  return columns;
}

function provenanceDigest({ case_ref, category, legal_basis }: PersonRecord): Uint8Array {
  return hash("sha256", canonicalBytes({ case_ref, category, legal_basis }), "buffer");
}
