/**
 * Bench `encode`: a party's list on one core, generated records, life preset.
 * First facts and digests, record by record; then the whole list; then one further pairing's batch of it.
 */
import { createCipheriv, createHash } from "node:crypto";
import { sizeClassOf } from "#engine/batch/size-class.ts";
import { cellMaker, type CellMaker } from "#engine/encode/cells.ts";
import { memoryCellStore } from "#engine/encode/cell-store.ts";
import { encodeBatch, type Pairing } from "#engine/encode/encode-batch.ts";
import type { RandomFill } from "#engine/encode/key-column.ts";
import { factsOf } from "#engine/encode/facts.ts";
import { shippedTable } from "#engine/encode/information.ts";
import { BUFFERED_RECORDS, listEncoder, type EncodedList } from "#engine/encode/list.ts";
import { nameReader } from "#engine/encode/names/name-reader.ts";
import { parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { generateRecords, PARTIES } from "#fixtures/people.ts";
import { timeRepeats, type Bench, type Measurement, type Scale } from "./measurement.ts";

const SEED = 20_26;
const PARTY = "HR";
const RECORDS: Record<Scale, number> = { smoke: 500, usual: 10_000, full: 100_000 };
const REPEATS: Record<Scale, number> = { smoke: 1, usual: 3, full: 3 };

export const encode: Bench = {
  name: "encode",
  about: "facts and digests, a whole list, one further pairing; records or rows per second",
  async *measure(scale) {
    const recordsPerParty = RECORDS[scale];
    const options = { seed: SEED, recordsPerParty, parties: PARTIES, overlap: 0.08, preset: "life" } as const;
    const records = [...generateRecords(options, PARTY)].map((record, at) => parsePerson(record, at + 1));
    const makeCells = await cellMaker(SHIPPED_PROFILE, shippedTable(SHIPPED_PROFILE.frequencyTable));
    yield measureCells(records, makeCells, REPEATS[scale]);
    yield measureList(records, makeCells, REPEATS[scale]);
    yield measurePairing(encodedList(records, makeCells), REPEATS[scale]);
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

function pairingOf(rowCount: number): Pairing {
  return {
    round: "bench",
    t1: Buffer.alloc(32, 1).toString("base64url"),
    from: PARTY,
    to: "AT",
    keyId: Buffer.alloc(16, 2).toString("base64url"),
    keyTag: Buffer.alloc(32, 3),
    rowCount,
    counterpartRowCount: rowCount,
    provenanceSeed: Buffer.alloc(32, 4),
  };
}

/** A stream that repeats itself, so that the batch's bytes do; about as fast as the cryptographic generator. */
function repeatingRandom(): RandomFill {
  const stream = createCipheriv("aes-256-ctr", Buffer.alloc(32, 5), Buffer.alloc(16));
  const zeros = new Uint8Array(65_536);
  return (target) => {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    for (let at = 0; at < bytes.length; at += zeros.length)
      bytes.set(stream.update(zeros.subarray(0, bytes.length - at)), at);
  };
}
