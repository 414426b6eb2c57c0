/**
 * What a round takes of the secretariat's machine: disk, memory, time.
 * In: parties, records, workers, rates measured on the machine. Out: bytes and seconds; docs/cli.md, "Planning a server".
 */
import { expectedLayout, type ExpectedBatch } from "#engine/batch/check.ts";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { sizeClassOf } from "#engine/batch/size-class.ts";
import { profileDigest, slotCount, type Profile } from "#engine/profile.ts";
import { SEALING_BYTES } from "./aead.ts";
import { PAIRING_LANES } from "./pairing.ts";
import { planTiles } from "./tiles.ts";

/** The process with its workers started: peak of bench `round` at 10,000 rows. */
const BASE_BYTES = 260e6;
/** What a worker adds at work, chunks of both batches above all: bench `round` at 1,000,000 rows, one worker and two. */
const WORKER_BYTES = 250e6;
/** What a pairing in work adds for each row of a list, one row in twenty shared: bench `memory` at 10,000,000 rows. */
const PAIRING_BYTES_PER_ROW = 60;
/**
 * Hits of all pairings wait for the packages: 552 bytes each for both owners (`hitBytes` of bench `memory`), and as much
 * again by a half that the collector has not taken; one row in twenty shared. Bench `round`, 12 parties of 100,000.
 */
const HIT_BYTES_PER_ROW = 40;

export type RoundSize = {
  readonly parties: number;
  /** Of each party, padding included. */
  readonly rowCount: number;
  /** Every party with every other. */
  readonly pairings: number;
  /** Two to a pairing. */
  readonly batches: number;
  readonly batchBytes: number;
  /** Keys of all batches. */
  readonly keys: number;
  /** Encrypted chunks of all batches. */
  readonly diskBytes: number;
  /** Workers that a matching can keep busy at once. */
  readonly busyWorkers: number;
};

/** What one machine does, each measured with as many workers at work as the round would have. */
export type MachineRates = {
  /** Encrypting chunks and writing them to the data folder, synced. */
  readonly storeBytesPerSecond: number;
  /** Reading, decrypting and validating, one batch at a time. */
  readonly checkBytesPerSecond: number;
  /** Reading, decrypting, joining and scoring, all workers together. */
  readonly matchBytesPerSecond: number;
  /** What a pairing takes however small it is. */
  readonly secondsPerPairing: number;
};

export type RoundSeconds = { readonly store: number; readonly check: number; readonly match: number };

/**
 * @param records - Of each party.
 * @param workers - Threads of the server.
 */
export function roundSize(profile: Profile, parties: number, records: number, workers: number): RoundSize {
  const rowCount = sizeClassOf(records);
  const layout = expectedLayout(profile, longestExpected(profile, rowCount));
  const pairings = (parties * (parties - 1)) / 2;
  const batches = 2 * pairings;
  const tiles = planTiles(layout, layout).length;
  return {
    parties,
    rowCount,
    pairings,
    batches,
    batchBytes: layout.byteLength,
    keys: batches * rowCount * slotCount(profile),
    diskBytes: batches * storedBytes(layout.byteLength),
    busyWorkers: Math.min(workers, tiles * Math.min(PAIRING_LANES, pairings)),
  };
}

/** @returns Bytes on disk of one batch: chunks, each with what encryption adds. */
export function storedBytes(batchBytes: number): number {
  return batchBytes + SEALING_BYTES * Math.ceil(batchBytes / CHUNK_BYTES);
}

/** @returns The most that a matching of this round is expected to hold, bytes; page cache not counted. */
export function matchMemoryBytes({ rowCount, pairings, busyWorkers }: RoundSize): number {
  const inWork = PAIRING_BYTES_PER_ROW * rowCount * Math.min(PAIRING_LANES, pairings);
  return BASE_BYTES + WORKER_BYTES * busyWorkers + inWork + HIT_BYTES_PER_ROW * rowCount * pairings;
}

/** Parties' uploads are taken to arrive as fast as they can be stored. */
export function roundSeconds({ batches, batchBytes, pairings }: RoundSize, rates: MachineRates): RoundSeconds {
  const bytes = batches * batchBytes;
  return {
    store: bytes / rates.storeBytesPerSecond,
    check: bytes / rates.checkBytesPerSecond,
    match: bytes / rates.matchBytesPerSecond + pairings * rates.secondsPerPairing,
  };
}

/** A batch with the longest header that ids of party and round allow: less than a hundred bytes more than most have. */
export function longestExpected(profile: Profile, rowCount: number): ExpectedBatch {
  return {
    round: "r".repeat(64),
    t1: "A".repeat(43),
    from: "A".repeat(8),
    to: "B".repeat(8),
    profile: profileDigest(profile),
    keyId: "A".repeat(22),
    rowCount,
  };
}
