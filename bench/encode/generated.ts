/**
 * What bench `encode` works on: generated records, life preset, and a pairing and random bytes that repeat themselves.
 */
import { createCipheriv } from "node:crypto";
import type { Pairing } from "#engine/encode/encode-batch.ts";
import type { RandomFill } from "#engine/uniform.ts";
import { generateRecords, PARTIES } from "#fixtures/people.ts";
import type { FixtureRecord } from "#fixtures/record.ts";

const SEED = 20_26;
const PARTY = "HR";

/** @returns Records of one party as a list has them. */
export function partyRecords(count: number): Iterable<FixtureRecord> {
  const options = { seed: SEED, recordsPerParty: count, parties: PARTIES, overlap: 0.08, preset: "life" } as const;
  return generateRecords(options, PARTY);
}

/** @returns A pairing of the bench's party, the same in every run. */
export function pairingOf(rowCount: number): Pairing {
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
export function repeatingRandom(): RandomFill {
  const stream = createCipheriv("aes-256-ctr", Buffer.alloc(32, 5), Buffer.alloc(16));
  const zeros = new Uint8Array(65_536);
  return (target) => {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    for (let at = 0; at < bytes.length; at += zeros.length)
      bytes.set(stream.update(zeros.subarray(0, bytes.length - at)), at);
  };
}
