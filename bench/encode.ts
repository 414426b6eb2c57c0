/**
 * Bench `encode`: a party's list, generated records, life preset.
 * On one core facts and digests, the whole list, one further pairing's batch of it; then records and pairings on one and on
 * two workers; then a list's file from end to end in a process of its own, for the memory that it takes.
 */
import { createHash } from "node:crypto";
import { sizeClassOf } from "#engine/batch/size-class.ts";
import { cellMaker, type CellMaker } from "#engine/encode/cells.ts";
import { memoryCellStore } from "#engine/encode/cell-store.ts";
import { encodeBatch } from "#engine/encode/encode-batch.ts";
import { factsOf } from "#engine/encode/facts.ts";
import { shippedTable } from "#engine/encode/information.ts";
import { BUFFERED_RECORDS, listEncoder, type EncodedList } from "#engine/encode/list.ts";
import { nameReader } from "#engine/encode/names/name-reader.ts";
import { parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { measureFile } from "./encode/file.ts";
import { pairingOf, partyRecords, repeatingRandom } from "./encode/generated.ts";
import { measureWorkers } from "./encode/threads.ts";
import { timeRepeats, type Bench, type Measurement, type Scale } from "./measurement.ts";

const RECORDS: Record<Scale, number> = { smoke: 500, usual: 10_000, full: 100_000 };
/** At full size what a list may take in memory is quoted. */
const FILE_RECORDS: Record<Scale, number> = { smoke: 500, usual: 30_000, full: 1_000_000 };
const REPEATS: Record<Scale, number> = { smoke: 1, usual: 3, full: 3 };

export const encode: Bench = {
  name: "encode",
  about: "facts and digests, a whole list, one further pairing, on one core and on two; a list's memory",
  async *measure(scale) {
    const records = [...partyRecords(RECORDS[scale])].map((record, at) => parsePerson(record, at + 1));
    const makeCells = await cellMaker(SHIPPED_PROFILE, shippedTable(SHIPPED_PROFILE.frequencyTable));
    yield measureCells(records, makeCells, REPEATS[scale]);
    yield measureList(records, makeCells, REPEATS[scale]);
    yield measurePairing(encodedList(records, makeCells), REPEATS[scale]);
    yield* measureWorkers(RECORDS[scale], REPEATS[scale]);
    yield await measureFile(FILE_RECORDS[scale]);
  },
};

/** Facts and digests; `meanCells` is the mean number of a record's slots that are filled. */
function measureCells(records: readonly PersonRecord[], makeCells: CellMaker, repeats: number): Measurement {
  let cells = 0;
  const { checksum, timing } = timed(
    repeats,
    () => {
      const readName = nameReader();
      return batchesOf(records, BUFFERED_RECORDS).map((batch) =>
        makeCells(batch.map((record) => factsOf(record, readName))),
      );
    },
    (made) => {
      cells = made.reduce((sum, { rule }) => sum + rule.length, 0);
      return made.map(({ digests }) => digests);
    },
  );
  return {
    size: { records: records.length, cells, meanCells: Number((cells / records.length).toFixed(2)) },
    rates: { recordsPerSecond: perSecond(records.length, timing), cellsPerSecond: perSecond(cells, timing) },
    ...timing,
    checksum,
  };
}

/** Facts, digests, own duplicates, uniqueness. */
function measureList(records: readonly PersonRecord[], makeCells: CellMaker, repeats: number): Measurement {
  let rows = 0;
  const { checksum, timing } = timed(
    repeats,
    () => encodedList(records, makeCells),
    (list) => {
      rows = list.rows.length;
      return SHIPPED_PROFILE.rules.map((_, rule) => list.cells.read(rule).digests);
    },
  );
  return {
    size: { listRecords: records.length, rows },
    rates: { listRecordsPerSecond: perSecond(records.length, timing) },
    ...timing,
    checksum,
  };
}

/** Keys, fillers, order, sort and bytes for one counterpart, from a list that is encoded already. */
function measurePairing(list: EncodedList, repeats: number): Measurement {
  const rowCount = sizeClassOf(list.rows.length);
  let byteLength = 0;
  const { checksum, timing } = timed(
    repeats,
    () => [...encodeBatch(list, pairingOf(rowCount), repeatingRandom()).pieces],
    (pieces) => {
      byteLength = pieces.reduce((sum, { length }) => sum + length, 0);
      return pieces;
    },
  );
  return {
    size: { rows: list.rows.length, paddedRows: rowCount, bytes: byteLength },
    rates: { pairingRowsPerSecond: perSecond(rowCount, timing) },
    ...timing,
    checksum,
  };
}

function batchesOf(records: readonly PersonRecord[], length: number): PersonRecord[][] {
  const count = Math.ceil(records.length / length);
  return Array.from({ length: count }, (_, at) => records.slice(at * length, (at + 1) * length));
}

function timed<Result>(repeats: number, run: () => Result, bytesOf: (result: Result) => readonly Uint8Array[]) {
  const checksums = new Set<string>();
  const timing = timeRepeats(repeats, run, (result) => {
    const hash = createHash("sha256");
    for (const bytes of bytesOf(result)) hash.update(bytes);
    checksums.add(hash.digest("hex").slice(0, 16));
  });
  const [checksum, ...others] = checksums;
  if (checksum === undefined || others.length > 0) throw new Error("encode: repeats give different bytes");
  return { checksum, timing };
}

function perSecond(count: number, { medianMs }: { readonly medianMs: number }): number {
  return count / (medianMs / 1000);
}

function encodedList(records: readonly PersonRecord[], makeCells: CellMaker): EncodedList {
  const encoder = listEncoder(SHIPPED_PROFILE, makeCells, memoryCellStore());
  for (const record of records) encoder.add(record);
  return encoder.finish();
}
