/**
 * Decoys, proofs and origin tags against fixtures/vectors/proof.json, which a second implementation wrote.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { makeProof } from "#engine/round/answers.ts";
import { Bytes16, Bytes32, fromBase64url, toBase64url } from "#engine/round/binary.ts";
import { decoyCount, decoysOf } from "#engine/round/decoys.ts";
import { originDigest, originTag } from "#engine/round/notice.ts";
import { Profile } from "#engine/profile.ts";
import { PartyId } from "#engine/round/ids.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";

const Name = { name: z.string() };
const Cells = z.array(z.strictObject({ rule: z.int(), digest: z.string().regex(/^[0-9a-f]{32}$/) })).min(1);
const DecoyPatterns = Profile.shape.decoyPatterns.unwrap();
const Vectors = z.strictObject({
  profile: z.strictObject({
    informationMarginBits: z.number(),
    thresholdBits: z.array(z.number()),
    slots: z.array(z.int()),
    decoyPatterns: DecoyPatterns,
  }),
  cases: z
    .array(
      z.discriminatedUnion("kind", [
        z.strictObject({
          ...Name,
          kind: z.literal("decoy-count"),
          rows: z.int(),
          expect: z.strictObject({ count: z.int() }),
        }),
        z.strictObject({
          ...Name,
          kind: z.literal("decoys"),
          keyProof: Bytes32,
          rowCounts: z.tuple([z.int(), z.int()]),
          expect: z.strictObject({
            decoys: z.array(z.strictObject({ pattern: z.int(), classes: z.tuple([z.int(), z.int()]), cells: Cells })),
          }),
        }),
        z.strictObject({
          ...Name,
          kind: z.literal("proof"),
          keyProof: Bytes32,
          t2: Bytes32,
          from: PartyId,
          to: PartyId,
          hit: Bytes16,
          agreed: Cells,
          expect: z.strictObject({ proof: Bytes32 }),
        }),
        z.strictObject({
          ...Name,
          kind: z.literal("origin"),
          keyProof: Bytes32,
          reference: z.string(),
          expect: z.strictObject({ digest: Bytes32, tag: Bytes16 }).nullable(),
        }),
      ]),
    )
    .min(1),
});
type VectorCase = z.infer<typeof Vectors>["cases"][number];

const path = new URL("../../../fixtures/vectors/proof.json", import.meta.url);
const vectors = Vectors.parse(JSON.parse(readFileSync(path, "utf8")));

/** Of the profile only what decoys depend on; the rest does not matter here. */
const profile: Profile = {
  ...SHIPPED_PROFILE,
  informationMarginBits: vectors.profile.informationMarginBits,
  weights: { ...SHIPPED_PROFILE.weights, thresholdBits: vectors.profile.thresholdBits },
  decoyPatterns: vectors.profile.decoyPatterns,
};

describe("the second implementation's values are ours", () => {
  test.each(vectors.cases.map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
    checkCase(vector);
  });
});

function checkCase(vector: VectorCase): void {
  switch (vector.kind) {
    case "decoy-count":
      expect(decoyCount(vector.rows)).toBe(vector.expect.count);
      break;
    case "decoys":
      expect(decoysOf(profile, fromBase64url(vector.keyProof), vector.rowCounts).map(asWritten)).toEqual(
        vector.expect.decoys.map(({ classes, cells }) => ({ classes, cells })),
      );
      break;
    case "proof": {
      const agreed = vector.agreed.map(({ rule, digest }) => ({ rule, digest: Buffer.from(digest, "hex") }));
      expect(makeProof(fromBase64url(vector.keyProof), vector, vector.hit, agreed)).toBe(vector.expect.proof);
      break;
    }
    case "origin": {
      const digest = originDigest(vector.reference);
      const found = digest && {
        digest: toBase64url(digest),
        tag: originTag(fromBase64url(vector.keyProof), digest),
      };
      expect(found).toEqual(vector.expect);
      break;
    }
  }
}

function asWritten({ classes, cells }: ReturnType<typeof decoysOf>[number]): unknown {
  return {
    classes,
    cells: cells.map(({ rule, digest }) => ({ rule, digest: Buffer.from(digest).toString("hex") })),
  };
}
