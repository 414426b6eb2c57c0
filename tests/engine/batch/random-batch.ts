/**
 * Random batches for properties: rows, keys and profiles drawn by fast-check.
 */
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { KeyColumn } from "#engine/batch/column.ts";
import type { BatchHeader } from "#engine/batch/header.ts";
import type { ExpectedBatch } from "#engine/batch/check.ts";
import { writeBatch } from "#engine/batch/write.ts";
import { MIN_CLASS_ROWS, profileDigest, type Profile } from "#engine/profile.ts";

/** What a batch was written from, and its bytes. */
export type RandomBatch = {
  readonly profile: Profile;
  readonly header: BatchHeader;
  readonly expected: ExpectedBatch;
  readonly handles: Uint8Array;
  readonly classes: Uint8Array;
  readonly columns: readonly KeyColumn[];
  readonly bytes: Uint8Array<ArrayBuffer>;
};

/** @param template - A profile; its rules are replaced by one to four with one to eight slots each. */
export function randomBatch(template: Profile): fc.Arbitrary<RandomBatch> {
  return fc
    .record({
      rowCount: fc.constantFrom(100, 125, 160),
      slots: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 }),
      seed: fc.uint8Array({ minLength: 8, maxLength: 8 }),
      // Few distinct upper halves make keys that differ only below.
      upperBits: fc.constantFrom(3, 32),
      classCount: fc.integer({ min: 1, max: template.coverageClasses.length }),
      round: fc.stringMatching(/^[a-z0-9-]{1,64}$/),
    })
    .map(({ rowCount, slots, seed, upperBits, classCount, round }) => {
      const rule = template.rules[0];
      if (rule === undefined) throw new RangeError("randomBatch: the template has no rule");
      const rules = slots.map((count, index) => ({ ...rule, id: `rule-${index}`, slots: count }));
      const profile = { ...template, rules };
      const draw = drawsFrom(seed);
      const columns = slots.map((count) => randomColumn(draw, rowCount, count, upperBits));
      const handles = Uint8Array.from({ length: 16 * rowCount }, () => draw() & 255);
      const classes = Uint8Array.from({ length: rowCount }, (_, row) => Math.floor(row / MIN_CLASS_ROWS) % classCount);
      const identity = createHash("sha256").update(seed).digest("base64url");
      const header: BatchHeader = {
        format: "aquila/batch/v1",
        from: "AT",
        keyId: Buffer.from(seed).toString("hex").padEnd(22, "A"),
        profile: profileDigest(profile),
        provenanceRoot: identity,
        round,
        rowCount,
        t1: identity,
        to: "HR",
      };
      const { t1, from, to, keyId } = header;
      const expected = { round, t1, from, to, profile: header.profile, keyId, rowCount };
      const bytes = joined(writeBatch(profile, header, { handles, classes }, columns));
      return { profile, header, expected, handles, classes, columns, bytes };
    });
}

/** @returns The pieces one after another, in memory of their own. */
export function joined(pieces: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([...pieces]));
}

function randomColumn(draw: () => number, rowCount: number, slots: number, upperBits: number): KeyColumn {
  const keys = new Set<bigint>();
  while (keys.size < rowCount * slots) keys.add((BigInt(draw() >>> (32 - upperBits)) << 32n) | BigInt(draw()));
  const sorted = [...keys].sort((a, b) => (a < b ? -1 : 1));
  const row = Uint32Array.from({ length: sorted.length }, (_, cell) => cell % rowCount);
  for (let at = row.length - 1; at > 0; at--) {
    const other = draw() % (at + 1);
    const held = row[at] as number;
    row[at] = row[other] as number;
    row[other] = held;
  }
  return {
    upper: Uint32Array.from(sorted, (key) => Number(key >> 32n)),
    lower: Uint32Array.from(sorted, (key) => Number(key & 0xffffffffn)),
    row,
  };
}

/** @returns A generator of 32-bit numbers that depends on `seed` alone. */
function drawsFrom(seed: Uint8Array): () => number {
  let state = Buffer.from(seed);
  let at = 32;
  return () => {
    if (at === 32) {
      state = createHash("sha256").update(state).digest();
      at = 0;
    }
    at += 4;
    return state.readUInt32LE(at - 4);
  };
}
