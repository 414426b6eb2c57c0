/**
 * The signature base against the six test cases of RFC 9421 Appendix B.2, and what a signed answer holds together.
 */
import {
  createPrivateKey,
  createPublicKey,
  createHmac,
  generateKeyPairSync,
  sign,
  verify,
  constants,
} from "node:crypto";
import { describe, expect, it, test } from "vitest";
import { signatureBase } from "#engine/round/requests.ts";
import { isAnswerSigned, signAnswer, type SignedAnswer } from "#engine/round/signed-answers.ts";

// RFC 9421 B.1.2 to B.1.5: keys published for these tests.
const RSA_PSS = spki(
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+" +
    "oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W" +
    "Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB",
);
const ECC_P256 = createPublicKey({
  key: {
    kty: "EC",
    crv: "P-256",
    x: "qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA",
    y: "Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0",
  },
  format: "jwk",
});
const ED25519 = createPrivateKey({
  key: Buffer.from("MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF", "base64"),
  format: "der",
  type: "pkcs8",
});
const SHARED_SECRET = Buffer.from(
  "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==",
  "base64",
);

// RFC 9421 B.2: the request and the response that are signed.
const REQUEST = {
  '"date"': "Tue, 20 Apr 2021 02:07:55 GMT",
  '"@method"': "POST",
  '"@path"': "/foo",
  '"@query"': "?param=Value&Pet=dog",
  '"@query-param";name="Pet"': "dog",
  '"@authority"': "example.com",
  '"content-type"': "application/json",
  '"content-digest"':
    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
  '"content-length"': "18",
};
const RESPONSE = {
  '"@status"': "200",
  '"content-type"': "application/json",
  '"content-digest"':
    "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
  '"content-length"': "23",
};

describe("RFC 9421 Appendix B.2", () => {
  test.each([
    [
      "B.2.1, minimal",
      [],
      ';created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
      "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==",
    ],
    [
      "B.2.2, selective",
      ['"@authority"', '"content-digest"', '"@query-param";name="Pet"'],
      ';created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
      "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==",
    ],
    [
      "B.2.3, full",
      [
        '"date"',
        '"@method"',
        '"@path"',
        '"@query"',
        '"@authority"',
        '"content-type"',
        '"content-digest"',
        '"content-length"',
      ],
      ';created=1618884473;keyid="test-key-rsa-pss"',
      "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
    ],
  ] as const)("%s: rsa-pss-sha512 holds over our base", (_name, components, parameters, signature) => {
    const key = { key: RSA_PSS, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 };
    const base = baseOf(REQUEST, components, parameters);
    expect(verify("sha512", Buffer.from(base), key, Buffer.from(signature, "base64"))).toBe(true);
    expect(verify("sha512", Buffer.from(`${base} `), key, Buffer.from(signature, "base64"))).toBe(false);
  });

  test("B.2.4, a response: ecdsa-p256-sha256 holds over our base", () => {
    const components = ['"@status"', '"content-type"', '"content-digest"', '"content-length"'];
    const base = baseOf(RESPONSE, components, ';created=1618884473;keyid="test-key-ecc-p256"');
    const signature = "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==";
    const key = { key: ECC_P256, dsaEncoding: "ieee-p1363" } as const;
    expect(verify("sha256", Buffer.from(base), key, Buffer.from(signature, "base64"))).toBe(true);
  });

  test("B.2.5: hmac-sha256 over our base is the one published", () => {
    const base = baseOf(
      REQUEST,
      ['"date"', '"@authority"', '"content-type"'],
      ';created=1618884473;keyid="test-shared-secret"',
    );
    expect(createHmac("sha256", SHARED_SECRET).update(base).digest("base64")).toBe(
      "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
    );
  });

  test("B.2.6: ed25519 over our base is the one published", () => {
    const components = ['"date"', '"@method"', '"@path"', '"@authority"', '"content-type"', '"content-length"'];
    const base = baseOf(REQUEST, components, ';created=1618884473;keyid="test-key-ed25519"');
    expect(sign(null, Buffer.from(base), ED25519).toString("base64")).toBe(
      "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
    );
  });
});

describe("a signed answer", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const answer: SignedAnswer = {
    status: 200,
    contentDigest: "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
    treeHead: "eyJzaXplIjoxfQ",
    requestSignature: `aquila=:${"A".repeat(86)}==:`,
  };
  const headers = signAnswer(privateKey, answer, new Date(1_795_345_200_500)) ?? expect.fail("not signed");

  it("names what it covers as RFC 9421 §2.4 says", () => {
    expect(headers.signatureInput).toBe(
      'aquila=("@status" "content-digest" "aquila-tree-head" "signature";req;key="aquila");created=1795345200;keyid="secretariat";alg="ed25519";tag="aquila/v1"',
    );
    expect(isAnswerSigned(publicKey, answer, headers)).toBe(true);
  });

  it.each<[string, Partial<SignedAnswer>]>([
    ["status", { status: 201 }],
    ["body", { contentDigest: answer.contentDigest.replace("4", "5") }],
    ["tree head", { treeHead: "eyJzaXplIjoyfQ" }],
    ["request", { requestSignature: `aquila=:B${"A".repeat(85)}==:` }],
  ])("does not hold for another %s", (_name, change) => {
    expect(isAnswerSigned(publicKey, { ...answer, ...change }, headers)).toBe(false);
  });

  it.each<[string, Partial<typeof headers>]>([
    ["another component", { signatureInput: headers.signatureInput.replace('"@status" ', "") }],
    ["another time", { signatureInput: headers.signatureInput.replace("1795345200", "1795345201") }],
    ["another key's name", { signatureInput: headers.signatureInput.replace("secretariat", "party:AT") }],
    ["a second entry", { signature: `${headers.signature}, ${headers.signature}` }],
    ["no signature", { signature: "" }],
  ])("does not hold with %s", (_name, change) => {
    expect(isAnswerSigned(publicKey, answer, { ...headers, ...change })).toBe(false);
  });

  it("is not made for a request whose Signature is not one entry, and not by another key", () => {
    expect(signAnswer(privateKey, { ...answer, requestSignature: "aquila=:AA==:" }, new Date())).toBeNull();
    expect(isAnswerSigned(generateKeyPairSync("ed25519").publicKey, answer, headers)).toBe(false);
  });
});

function baseOf(message: Readonly<Record<string, string>>, components: readonly string[], parameters: string): string {
  return signatureBase(
    components.map((name) => [name, message[name] ?? expect.fail(name)]),
    `(${components.join(" ")})${parameters}`,
  );
}

function spki(base64: string): ReturnType<typeof createPublicKey> {
  return createPublicKey({ key: Buffer.from(base64, "base64"), format: "der", type: "spki" });
}
