/**
 * docs/spec/round.md against fixtures/vectors/round.json, which a second implementation wrote.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { LinkageError, PROBLEM_CODES, type ProblemCode } from "#engine/errors.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { checkAgreements } from "#engine/round/agreement.ts";
import { decryptGcm } from "#engine/round/aes-gcm.ts";
import { Answer, answersBytes, encryptAnswers } from "#engine/round/answers.ts";
import { Bytes32, Bytes64, fromBase64url, labelled, toBase64url } from "#engine/round/binary.ts";
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
import { makeIdentity } from "#engine/round/identity.ts";
import { Moment, PartyId, RoundId } from "#engine/round/ids.ts";
import { Hit, openPackage, openSection, sealPackage } from "#engine/round/package.ts";
import { requireWithinQuotas } from "#engine/round/quota.ts";
import { privateKeyOf, rawPrivate } from "#engine/round/raw-key.ts";
import { checkRoster, Roster, rosterDigest } from "#engine/round/roster.ts";
import { isSignedBy, signStatement, STATEMENT_LABELS, type StatementKind } from "#engine/round/statement.ts";
import { SealedBatch, transcriptT2 } from "#engine/round/transcript.ts";

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
      keyNotice: Bytes32,
      keyId: z.string(),
      confirmation: Confirmation,
    }),
  ]),
});
const QuotaCase = z.strictObject({
  ...Name,
  kind: z.literal("quota"),
  now: Moment,
  tested: z.array(z.strictObject({ at: Moment, from: PartyId, to: PartyId, rows: z.int().min(1) })),
  expect: z.enum(["ok", "quota-exceeded"]),
});
const Signer = { signSecret: Bytes32, signKey: Bytes32 };
const Hex = z.string().regex(/^([0-9a-f]{2})+$/);
const Signature = z.strictObject({ message: Hex, signature: Bytes64 });
const Statement = z.strictObject({
  ...Name,
  kind: z.literal("statement"),
  statement: z.enum(Object.keys(STATEMENT_LABELS) as StatementKind[]),
  ...Signer,
  body: z.record(z.string(), z.json()),
  expect: Signature,
});
const AnswersCase = z.strictObject({
  ...Name,
  kind: z.literal("answers"),
  direction: z.strictObject({ from: PartyId, round: RoundId, t2: Bytes32, to: PartyId }),
  answers: z.array(Answer),
  keyNotice: Bytes32,
  nonce: Hex,
  ...Signer,
  expect: Signature.extend({ additionalData: Hex, byteLength: z.int(), tag: Hex, sha256: Hex }),
});
const SignedAnswers = z.looseObject({ padding: z.string(), signature: Bytes64 }).catchall(z.json());
const SectionCase = z.strictObject({
  ...Name,
  kind: z.literal("section"),
  key: Bytes32,
  party: PartyId,
  counterpart: PartyId,
  t2: Bytes32,
  hits: z.array(Hit),
  expect: z.strictObject({
    nonce: Hex,
    additionalData: Hex,
    byteLength: z.int(),
    first16: Hex,
    tag: Hex,
    sha256: Hex,
  }),
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
        z.strictObject({
          ...Name,
          kind: z.literal("t2"),
          t1: Bytes32,
          batches: z.array(SealedBatch),
          expect: z.strictObject({ t2: Bytes32 }),
        }),
        Statement,
        AnswersCase,
        SectionCase,
        QuotaCase,
      ]),
    )
    .min(1),
});
type VectorCase = z.infer<typeof Vectors>["cases"][number];

const path = new URL("../../../fixtures/vectors/round.json", import.meta.url);
const vectors = Vectors.parse(JSON.parse(readFileSync(path, "utf8")));

describe("the second implementation's values are ours", () => {
  test.each(vectors.cases.map((vector) => [vector.name, vector] as const))("%s", async (_name, vector) => {
    await checkCase(vector);
  });

  test("of every kind of statement", () => {
    const found = vectors.cases.flatMap((vector) => (vector.kind === "statement" ? [vector.statement] : []));
    // Those of the audit log are in fixtures/vectors/audit.json.
    const all = Object.keys(STATEMENT_LABELS).filter((kind) => !["treeHead", "cosignature"].includes(kind));
    expect(new Set(found)).toEqual(new Set(all));
  });

  test("a descriptor's agreements are signed by its roster's parties", () => {
    const roster = vectors.cases.find((vector) => vector.kind === "roster")?.roster;
    const descriptor = theDescriptor();
    if (roster === undefined) throw new RangeError("no roster");
    expect(descriptor.roster).toBe(rosterDigest(roster));
    checkAgreements(roster, descriptor.agreements);
  });
});

function theDescriptor(): RoundDescriptor {
  const descriptor = vectors.cases.find((vector) => vector.kind === "t0")?.descriptor;
  if (descriptor === undefined) throw new RangeError("no descriptor");
  return descriptor;
}

async function checkCase(vector: VectorCase): Promise<void> {
  switch (vector.kind) {
    case "roster":
      checkRoster(vector.roster);
      expect(rosterDigest(vector.roster)).toBe(vector.expect.digest);
      break;
    case "t0":
      checkDescriptor(vector.descriptor);
      expect(descriptorT0(vector.descriptor)).toBe(vector.expect.t0);
      break;
    case "quota": {
      const { now, tested, expect: expected } = vector;
      const require = (): void => {
        requireWithinQuotas(theDescriptor(), theDescriptor().agreements, tested, new Date(now));
      };
      if (expected === "ok") require();
      else expectRefusal(require, expected);
      break;
    }
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
    case "t2":
      expect(transcriptT2(vector.t1, vector.batches)).toBe(vector.expect.t2);
      break;
    case "statement": {
      const { statement, body, signKey, signSecret } = vector;
      const { message, signature } = vector.expect;
      expect(toHex(labelled(STATEMENT_LABELS[statement], canonicalBytes(body)))).toBe(message);
      expect(signStatement({ signKey, signSecret }, statement, body).signature).toBe(signature);
      expect(isSignedBy(signKey, statement, { ...body, signature })).toBe(true);
      break;
    }
    case "answers": {
      const { direction, answers, signKey, signSecret } = vector;
      const bytes = answersBytes(direction, answers, answers.length, { signKey, signSecret });
      const { padding, signature, ...signed } = SignedAnswers.parse(JSON.parse(new TextDecoder().decode(bytes)));
      expect(toHex(labelled("aquila/v1/answers", canonicalBytes(signed)))).toBe(vector.expect.message);
      expect(signature).toBe(vector.expect.signature);
      expect(padding).toMatch(/^0+$/);
      const nonce = Buffer.from(vector.nonce, "hex");
      const sealed = encryptAnswers(fromBase64url(vector.keyNotice), nonce, direction, bytes);
      expect(sealed).toHaveLength(vector.expect.byteLength);
      const { additionalData, tag } = vector.expect;
      expect(toHex(sealed.subarray(-16))).toBe(tag);
      const aad = Buffer.from(additionalData, "hex");
      expect(decryptGcm(fromBase64url(vector.keyNotice), nonce, aad, sealed.subarray(12))).toEqual(Buffer.from(bytes));
      expect(createHash("sha256").update(sealed).digest("hex")).toBe(vector.expect.sha256);
      break;
    }
    case "section":
      await checkSection(vector);
      break;
  }
}

async function checkSection(vector: z.infer<typeof SectionCase>): Promise<void> {
  const { party, counterpart, t2, hits, expect: expected } = vector;
  const key = fromBase64url(vector.key);
  const identity = makeIdentity(party);
  const content = { round: "2026-4", t2, party, sections: [{ counterpart, key, hits }] };
  const opened = await openPackage(await sealPackage(content, identity.boxKey), identity);
  const sealed = fromBase64url(opened.sections[0]?.ciphertext ?? "");
  expect(sealed).toHaveLength(expected.byteLength);
  expect(toHex(sealed.subarray(0, 16))).toBe(expected.first16);
  expect(toHex(sealed.subarray(-16))).toBe(expected.tag);
  expect(createHash("sha256").update(sealed).digest("hex")).toBe(expected.sha256);
  expect(openSection(opened, counterpart, key)).toEqual(hits);
  const [nonce, aad] = [expected.nonce, expected.additionalData].map((hex) => Buffer.from(hex, "hex"));
  if (nonce === undefined || aad === undefined) throw new RangeError("a vector without a nonce");
  const plain = Buffer.from(decryptGcm(key, nonce, aad, sealed));
  expect(plain.toString("utf8")).toContain(`"counterpart":"${counterpart}"`);
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function expectRefusal(act: () => unknown, code: ProblemCode): void {
  expect(act).toThrow(expect.objectContaining({ name: LinkageError.name, code }));
}

function checkPairing({ own, counterpart, t1, expect: expected }: z.infer<typeof Pairing>): void {
  if (typeof expected === "string") {
    expectRefusal(() => derivePairingKeys(own, counterpart, t1), expected);
    return;
  }
  const keys = derivePairingKeys(own, counterpart, t1);
  expect({
    keyTag: toBase64url(keys.keyTag),
    keyProof: toBase64url(keys.keyProof),
    keyConfirm: toBase64url(keys.keyConfirm),
    keyNotice: toBase64url(keys.keyNotice),
    keyId: keys.keyId,
  }).toEqual({
    keyTag: expected.keyTag,
    keyProof: expected.keyProof,
    keyConfirm: expected.keyConfirm,
    keyNotice: expected.keyNotice,
    keyId: expected.keyId,
  });
  expect(makeConfirmation(keys, t1, own.party, counterpart.party)).toEqual(expected.confirmation);
  checkConfirmation(keys, t1, expected.confirmation);
}
