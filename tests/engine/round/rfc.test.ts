/**
 * The primitives as they are used here, against their own papers.
 */
import { createPublicKey, diffieHellman, hkdfSync, sign, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { publicKeyOfSeed } from "#engine/round/identity.ts";
import { privateKeyOf, publicKeyOf, rawPublic } from "#engine/round/raw-key.ts";

const hex = (text: string): Buffer => Buffer.from(text, "hex");
const raw = (text: string): string => hex(text).toString("base64url");

test("RFC 7748 §6.1: both sides derive the same X25519 secret", () => {
  const alice = {
    secret: "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    public: "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
  };
  const bob = {
    secret: "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
    public: "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
  };
  for (const [own, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    expect(rawPublic(createPublicKey(privateKeyOf("x25519", raw(own.secret))))).toBe(raw(own.public));
    const shared = diffieHellman({
      privateKey: privateKeyOf("x25519", raw(own.secret)),
      publicKey: publicKeyOf("x25519", raw(other.public)),
    });
    expect(shared.toString("hex")).toBe("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  }
});

describe("RFC 5869, appendix A: HKDF-SHA256", () => {
  test.each([
    [
      "A.1",
      "0b".repeat(22),
      "000102030405060708090a0b0c",
      "f0f1f2f3f4f5f6f7f8f9",
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ],
    [
      "A.3",
      "0b".repeat(22),
      "",
      "",
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ],
  ])("%s", (_name, ikm, salt, info, okm) => {
    const derived = hkdfSync("sha256", hex(ikm), hex(salt), hex(info), okm.length / 2);
    expect(Buffer.from(derived).toString("hex")).toBe(okm);
  });
});

describe("RFC 8032 §7.1: Ed25519", () => {
  test.each([
    [
      "test 1",
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
      "test 2",
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
  ])("%s", (_name, seed, signKey, message, signature) => {
    expect(publicKeyOfSeed(raw(seed))).toBe(raw(signKey));
    expect(sign(null, hex(message), privateKeyOf("ed25519", raw(seed))).toString("hex")).toBe(signature);
    expect(verify(null, hex(message), publicKeyOf("ed25519", raw(signKey)), hex(signature))).toBe(true);
  });
});
