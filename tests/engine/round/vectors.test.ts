/**
 * docs/spec/round.md against fixtures/vectors/round.json, which a second implementation wrote.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { LinkageError, PROBLEM_CODES } from "#engine/errors.ts";
import { Bytes32, toBase64url } from "#engine/round/binary.ts";
import { checkDescriptor, descriptorT0, RoundDescriptor } from "#engine/round/descriptor.ts";
import {
  checkConfirmation,
  Confirmation,
  derivePairingKeys,
  makeConfirmation,
  RoundKey,
  signRoundKey,
  transcriptT1,
} from "#engine/round/keys.ts";
import { privateKeyOf, rawPrivate } from "#engine/round/raw-key.ts";
import { Roster, rosterDigest } from "#engine/round/roster.ts";
import { PartyId } from "#engine/round/ids.ts";

const Name = { name: z.string() };
const Pairing = z.strictObject({
  ...Name,
  kind: z.literal("pairing"),
  own: z.strictObject({ party: PartyId, secret: Bytes32 }),
  counterpart: z.strictObject({ party: PartyId, publicKey: Bytes32 }),
  t1: Bytes32,
  expect: z.union([
    z.enum(PROBLEM_CODES),
    z.strictObject({
      sharedSecret: Bytes32,
      keyTag: Bytes32,
      keyProof: Bytes32,
      keyConfirm: Bytes32,
      keyId: z.string(),
      confirmation: Confirmation,
    }),
  ]),
});
const Vectors = z.object({
  cases: z
    .array(
      z.discriminatedUnion("kind", [
        z.strictObject({
          ...Name,
          kind: z.literal("roster"),
          roster: Roster,
          expect: z.strictObject({ digest: Bytes32 }),
        }),
        z.strictObject({
          ...Name,
          kind: z.literal("t0"),
          descriptor: RoundDescriptor,
          expect: z.strictObject({ t0: Bytes32 }),
        }),
        z.strictObject({
          ...Name,
          kind: z.literal("round-key"),
          party: PartyId,
          signSecret: Bytes32,
          signKey: Bytes32,
          secret: Bytes32,
          t0: Bytes32,
          expect: RoundKey,
        }),
        z.strictObject({
          ...Name,
          kind: z.literal("t1"),
          t0: Bytes32,
          keys: z.array(RoundKey),
          expect: z.strictObject({ t1: Bytes32 }),
        }),
        Pairing,
      ]),
    )
    .min(1),
});
type VectorCase = z.infer<typeof Vectors>["cases"][number];

const path = new URL("../../../fixtures/vectors/round.json", import.meta.url);
const vectors = Vectors.parse(JSON.parse(readFileSync(path, "utf8")));

describe("the second implementation's values are ours", () => {
  test.each(vectors.cases.map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
    checkCase(vector);
  });
});

function checkCase(vector: VectorCase): void {
  switch (vector.kind) {
    case "roster":
      expect(rosterDigest(vector.roster)).toBe(vector.expect.digest);
      break;
    case "t0":
      checkDescriptor(vector.descriptor);
      expect(descriptorT0(vector.descriptor)).toBe(vector.expect.t0);
      break;
    case "round-key": {
      const { party, signKey, signSecret, t0 } = vector;
      expect(signRoundKey({ party, signKey, signSecret }, t0, vector.expect.publicKey)).toEqual(vector.expect);
      expect(rawPrivate(privateKeyOf("x25519", vector.secret))).toBe(vector.secret);
      break;
    }
    case "t1":
      expect(transcriptT1(vector.t0, vector.keys)).toBe(vector.expect.t1);
      break;
    case "pairing":
      checkPairing(vector);
      break;
  }
}

function checkPairing({ own, counterpart, t1, expect: expected }: z.infer<typeof Pairing>): void {
  if (typeof expected === "string") {
    expect(() => derivePairingKeys(own, counterpart, t1)).toThrow(
      expect.objectContaining({ name: LinkageError.name, code: expected }),
    );
    return;
  }
  const keys = derivePairingKeys(own, counterpart, t1);
  expect({
    keyTag: toBase64url(keys.keyTag),
    keyProof: toBase64url(keys.keyProof),
    keyConfirm: toBase64url(keys.keyConfirm),
    keyId: keys.keyId,
  }).toEqual({
    keyTag: expected.keyTag,
    keyProof: expected.keyProof,
    keyConfirm: expected.keyConfirm,
    keyId: expected.keyId,
  });
  expect(makeConfirmation(keys, t1, own.party, counterpart.party)).toEqual(expected.confirmation);
  checkConfirmation(keys, t1, expected.confirmation);
}
