/**
 * Proofs, and answers from one owner to the other.
 */
import { randomBytes } from "node:crypto";
import sodium from "libsodium-wrappers";
import { beforeAll, describe, expect, test } from "vitest";
import { canonicalBytes } from "#engine/canonical-json.ts";
import {
  answersBytes,
  answersLength,
  encryptAnswers,
  checkProof,
  makeProof,
  openAnswers,
  sealAnswers,
  type Answer,
} from "#engine/round/answers.ts";
import { fromBase64url } from "#engine/round/binary.ts";
import { makeIdentity, signMessage } from "#engine/round/identity.ts";
import { Notice } from "#engine/round/notice.ts";

// Sealed box, nonce and tag.
const SEAL_BYTES = 48 + 12 + 16;
const keyNotice = new Uint8Array(randomBytes(32));
const [from, to, stranger] = [makeIdentity("AT"), makeIdentity("HR"), makeIdentity("SI")];
const direction = { round: "2026-4", t2: bytes(32), from: "AT", to: "HR" };
const notice: Notice = {
  accuracy: "4",
  contact: "Državna policija, kontakt-točka 12",
  handling: "H1",
  originTags: [],
  reliability: "B",
  riskIndicators: ["foreign-fighter"],
};

beforeAll(() => sodium.ready);

function bytes(count: number): string {
  return randomBytes(count).toString("base64url");
}

function answersOf(count: number): Answer[] {
  return Array.from({ length: count }, () => ({ hit: bytes(16), notice, proof: bytes(32) }));
}

const seal = (answers: Answer[], hitCount = answers.length): Promise<Uint8Array> =>
  sealAnswers(direction, answers, hitCount, from, { boxKey: to.boxKey, keyNotice });
const open = (sealed: Uint8Array, hitCount: number, change: Partial<typeof direction> = {}): Promise<Answer[]> =>
  openAnswers(sealed, { ...direction, ...change }, hitCount, to, { signKey: from.signKey, keyNotice });
/** As a sender would who does not mind what is in it. */
const boxed = (content: Uint8Array): Uint8Array =>
  sodium.crypto_box_seal(encryptAnswers(keyNotice, randomBytes(12), direction, content), fromBase64url(to.boxKey));
const refused = { code: "answers-invalid" };

describe("a proof", () => {
  const keyProof = randomBytes(32);
  const agreed = [
    { rule: 0, digest: randomBytes(16) },
    { rule: 4, digest: randomBytes(16) },
  ];
  const hit = bytes(16);
  const proof = makeProof(keyProof, direction, hit, agreed);

  test("is what the counterpart makes of the same facts", () => {
    expect(checkProof(keyProof, direction, { hit, proof }, agreed)).toBe(true);
  });

  test("fails for other facts, rules, keys, hits, rounds and the other direction, and when the row holds no such cells", () => {
    const [first, second] = agreed as [(typeof agreed)[0], (typeof agreed)[0]];
    const checks = [
      checkProof(keyProof, direction, { hit, proof }, [first, { ...second, digest: randomBytes(16) }]),
      checkProof(keyProof, direction, { hit, proof }, [first, { ...second, rule: 5 }]),
      checkProof(keyProof, direction, { hit, proof }, [first]),
      checkProof(keyProof, direction, { hit, proof }, null),
      checkProof(randomBytes(32), direction, { hit, proof }, agreed),
      checkProof(keyProof, direction, { hit: bytes(16), proof }, agreed),
      checkProof(keyProof, { ...direction, t2: bytes(32) }, { hit, proof }, agreed),
      checkProof(keyProof, { ...direction, from: "HR", to: "AT" }, { hit, proof }, agreed),
    ];
    expect(checks).toEqual(checks.map(() => false));
  });

  test("over no cell, or over cells out of order, is a mistake", () => {
    expect(() => makeProof(keyProof, direction, hit, [])).toThrow(RangeError);
    expect(() => makeProof(keyProof, direction, hit, agreed.toReversed())).toThrow(RangeError);
    expect(() => makeProof(keyProof, direction, hit, [{ rule: 0, digest: randomBytes(8) }])).toThrow(RangeError);
  });
});

describe("answers", () => {
  test("come out in order of hit", async () => {
    const answers = answersOf(30);
    expect(await open(await seal(answers), 30)).toEqual(answers.sort((one, other) => (one.hit < other.hit ? -1 : 1)));
    expect(await open(await seal([], 2), 2)).toEqual([]);
  });

  test.each([
    [0, 64],
    [64, 64],
    [65, 128],
    [129, 256],
  ])("to %i hits, however many are decoys, are as long as to %i", async (hitCount, sizeClass) => {
    for (const count of [0, hitCount >>> 1, hitCount])
      expect((await seal(answersOf(count), hitCount)).length).toBe(1_024 + 1_024 * sizeClass + SEAL_BYTES);
  });

  test("have room for the longest notices", () => {
    const longest: Notice = {
      accuracy: "4",
      contact: "\u20ac".repeat(120),
      handling: "H3",
      originTags: Array.from({ length: 4 }, () => bytes(16)),
      reliability: "X",
      riskIndicators: Array.from({ length: 8 }, () => "r".repeat(32)),
    };
    expect(Notice.parse(longest)).toEqual(longest);
    const answers = answersOf(64).map((answer) => ({ ...answer, notice: longest }));
    const names = { round: "r".repeat(64), t2: bytes(32), from: "ABCDEFGH", to: "HGFEDCBA" };
    expect(answersBytes(names, answers, 64, from).length).toBe(answersLength(64));
    const quoted = answers.map((answer) => ({ ...answer, notice: { ...longest, contact: '"\\'.repeat(60) } }));
    expect(answersBytes(names, quoted, 64, from).length).toBe(answersLength(64));
  });

  test("do not open for another party, nor when a bit has changed", async () => {
    const sealed = await seal(answersOf(1));
    const { signKey } = from;
    await expect(openAnswers(sealed, direction, 1, stranger, { signKey, keyNotice })).rejects.toMatchObject(refused);
    const otherKey = new Uint8Array(32);
    await expect(openAnswers(sealed, direction, 1, to, { signKey, keyNotice: otherKey })).rejects.toMatchObject(
      refused,
    );
    const altered = sealed.map((byte, index) => (index === sealed.length - 1 ? byte ^ 1 : byte));
    await expect(open(altered, 1)).rejects.toMatchObject(refused);
    await expect(open(new Uint8Array(3), 1)).rejects.toMatchObject(refused);
  });

  test("of another sender, receiver, round or T2, signed by another, or for another size class are refused", async () => {
    const sealed = await seal(answersOf(3));
    for (const change of [{ from: "SI" }, { to: "SI" }, { round: "2026-5" }, { t2: bytes(32) }])
      await expect(open(sealed, 3, change)).rejects.toMatchObject(refused);
    await expect(openAnswers(sealed, direction, 3, to, { signKey: stranger.signKey, keyNotice })).rejects.toMatchObject(
      refused,
    );
    const forged = await sealAnswers(direction, answersOf(3), 3, stranger, { boxKey: to.boxKey, keyNotice });
    await expect(open(forged, 3)).rejects.toMatchObject(refused);
    await expect(open(sealed, 65)).rejects.toMatchObject(refused);
  });

  test("never answer a hit twice", async () => {
    const [answer] = answersOf(1) as [Answer];
    await expect(seal([answer, answer])).rejects.toMatchObject(refused);
    const signed = { answers: [answer, answer], format: "aquila/answers/v1", ...direction };
    const signature = signMessage(from, "aquila/v1/answers", canonicalBytes(signed));
    const bare = canonicalBytes({ ...signed, padding: "", signature }).length;
    const padding = "0".repeat(answersLength(2) - bare);
    const twice = boxed(canonicalBytes({ ...signed, padding, signature }));
    await expect(open(twice, 2)).rejects.toMatchObject(refused);
  });

  test("of which a refusal never tells what they say", async () => {
    const json = canonicalBytes({ contact: "Geheimnis", format: "aquila/answers/v1" });
    const sealed = boxed(json);
    const error: unknown = await open(sealed, 1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(refused);
    expect(String(error)).not.toContain("Geheimnis");
    const noJson = boxed(Buffer.from("Geheimnis"));
    const other: unknown = await open(noJson, 1).catch((thrown: unknown) => thrown);
    expect(`${String(other)} ${String((other as Error).cause)}`).not.toContain("Geheimnis");
  });
});

test.each(["", " desk", "desk ", "two\nlines", "a\u0000b", "x".repeat(121), "\ud800"])(
  "a contact that is no printable words is refused: %j",
  (contact) => {
    expect(Notice.safeParse({ ...notice, contact }).success).toBe(false);
  },
);

test("a notice names an origin once", () => {
  const tag = bytes(16);
  expect(Notice.safeParse({ ...notice, originTags: [tag, tag] }).success).toBe(false);
});
