/**
 * d of canonical facts: one by one and in batches.
 */
import { blake2b } from "@noble/hashes/blake2.js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { messageOf } from "#engine/encode/canonical-values.ts";
import { DigestBatch, factDigest } from "#engine/encode/digests.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

beforeAll(() => DigestBatch.ready());

function batched(messages: readonly (readonly string[])[]): string[] {
  const batch = new DigestBatch();
  for (const parts of messages) {
    for (const part of parts) {
      const bytes = messageOf([part]);
      batch.put(bytes, 0, bytes.length);
    }
    batch.end();
  }
  const digests = batch.digests().slice();
  batch.close();
  return messages.map((_, at) => hex(digests.subarray(16 * at, 16 * at + 16)));
}

describe("d of one message", () => {
  test("does not depend on what was hashed before", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string({ unit: "binary" }), { maxLength: 4 }), { maxLength: 5 }), (messages) => {
        const once = messages.map((parts) => hex(factDigest(parts)));
        const again = messages.toReversed().map((parts) => hex(factDigest(parts)));
        expect(again.toReversed()).toEqual(once);
      }),
    );
  });

  test("is refused for facts that no rule can have", () => {
    expect(() => factDigest(["a".repeat(4000)])).toThrow(RangeError);
  });

  test("is what another BLAKE2b gives over the same parts", () => {
    const parts = fc.array(fc.string({ unit: "grapheme", maxLength: 30 }), { maxLength: 6 });
    fc.assert(
      fc.property(parts, (texts) => {
        expect(hex(factDigest(texts))).toBe(hex(blake2b(messageOf(texts), { dkLen: 16 })));
      }),
    );
  });
});

describe("d in batches", () => {
  test("is that of each message alone, of any length and number", () => {
    const messages = fc.array(
      fc.array(fc.oneof(fc.string({ unit: "grapheme", maxLength: 40 }), fc.string({ maxLength: 600 })), {
        maxLength: 4,
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(messages, (drawn) => {
        expect(batched(drawn)).toEqual(drawn.map((parts) => hex(factDigest(parts))));
      }),
    );
  });

  test("is that of each message alone when a batch is filled many times over", () => {
    const messages = Array.from({ length: 5000 }, (_, at) => ["long".repeat(at % 300), String(at)]);
    expect(batched(messages)).toEqual(messages.map((parts) => hex(factDigest(parts))));
  });

  test("is refused for facts that no rule can have", () => {
    const batch = new DigestBatch();
    const long = new Uint8Array(8193);
    expect(() => {
      batch.put(long, 0, long.length);
    }).toThrow(RangeError);
    batch.close();
  });
});
