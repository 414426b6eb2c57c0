/**
 * Merkle tree hashes: vectors for 0 to 33 leaves and a published tree.
 */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { merkleRoot } from "#engine/merkle.ts";
import { vectorFile } from "./batch/vectors.ts";

const { cases } = z
  .strictObject({
    cases: z.array(z.strictObject({ name: z.string(), leaves: z.array(z.string()), expect: z.string() })),
  })
  .parse(vectorFile("merkle.json"));

describe("vectors", () => {
  test.each(cases)("$name", ({ leaves, expect: root }) => {
    expect(Buffer.from(merkleRoot(leaves.map((leaf) => Buffer.from(leaf, "hex")))).toString("hex")).toBe(root);
  });
});

test("the streamed root is that of the recursive definition", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 130 }), (leaves) => {
      expect(Buffer.from(merkleRoot(leaves))).toEqual(recursiveRoot(leaves));
    }),
  );
});

test("a root depends on every leaf and on their order", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ maxLength: 8 }), { minLength: 2, maxLength: 40 }), fc.nat(), (texts, at) => {
      const leaves = texts.map((text) => new TextEncoder().encode(text));
      const other = [...leaves.slice(1), ...leaves.slice(0, 1)];
      const changed = leaves.map((leaf, index) => (index === at % leaves.length ? Uint8Array.of(...leaf, 0) : leaf));
      expect(merkleRoot(other)).not.toEqual(merkleRoot(leaves));
      expect(merkleRoot(changed)).not.toEqual(merkleRoot(leaves));
    }),
  );
});

/** RFC 9162 §2.1.1 as it is written there. */
function recursiveRoot(leaves: readonly Uint8Array[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return createHash("sha256").digest();
  if (leaves.length === 1) return createHash("sha256").update(Uint8Array.of(0)).update(only).digest();
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return createHash("sha256")
    .update(Uint8Array.of(1))
    .update(recursiveRoot(leaves.slice(0, split)))
    .update(recursiveRoot(leaves.slice(split)))
    .digest();
}
