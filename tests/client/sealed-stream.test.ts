/**
 * Sealed files: any length, and no change that goes unseen.
 */
import { createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contentLength, openStream, sealStream } from "#client/sealed-stream.ts";
import { temporaryFolder } from "./folders.ts";

const MEBIBYTE = 1_048_576;
const HEADER = 40;
const SECRET = randomBytes(32);
const CONTEXT = Buffer.from("context");

function sealed(content: Uint8Array): Buffer {
  return Buffer.concat([...sealStream(SECRET, CONTEXT, [content])]);
}

function open(file: Uint8Array, secret: Uint8Array = SECRET, context: Uint8Array = CONTEXT): Buffer {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, file);
  return Buffer.concat([...openStream(secret, context, path, "the file")]);
}

function expectRefused(file: Uint8Array, secret?: Uint8Array, context?: Uint8Array): void {
  expect(() => open(file, secret, context)).toThrow(expect.objectContaining({ code: "vault-invalid" }));
}

describe("a sealed file", () => {
  test.each([0, 1, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, 3 * MEBIBYTE])("of %i bytes opens as it was", (length) => {
    const content = randomBytes(length);
    const file = sealed(content);
    expect(open(file).equals(content)).toBe(true);
    expect(contentLength(file.length)).toBe(length);
    expect(file.length).toBe(HEADER + length + 16 * Math.max(1, Math.ceil(length / MEBIBYTE)));
  });

  test("is as docs/spec/vault.md says, byte by byte", () => {
    const content = Buffer.concat([Buffer.alloc(MEBIBYTE, 1), Buffer.from("end")]);
    const file = sealed(content);
    expect(file.toString("ascii", 0, 8)).toBe("AQSEAL01");
    const key = new Uint8Array(hkdfSync("sha256", SECRET, file.subarray(8, 40), CONTEXT, 32));
    const plain = [
      { from: 40, to: 40 + MEBIBYTE, nonce: "000000000000000000000000" },
      { from: 40 + MEBIBYTE + 16, to: file.length - 16, nonce: "000000000000000000000101" },
    ].map(({ from, to, nonce }) => {
      const cipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "hex"));
      cipher.setAuthTag(file.subarray(to, to + 16));
      return Buffer.concat([cipher.update(file.subarray(from, to)), cipher.final()]);
    });
    expect(Buffer.concat(plain).equals(content)).toBe(true);
  });

  test("written twice is under another salt and has another ciphertext", () => {
    const [first, second] = [sealed(Buffer.alloc(64)), sealed(Buffer.alloc(64))];
    expect(first.subarray(8).equals(second.subarray(8))).toBe(false);
    expect(first.subarray(HEADER, HEADER + 64).equals(second.subarray(HEADER, HEADER + 64))).toBe(false);
  });

  test("with any bit turned over is refused", () => {
    const file = sealed(Buffer.from("a secret of some length"));
    for (let bit = 0; bit < 8 * file.length; bit++) {
      const changed = Buffer.from(file);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expectRefused(changed);
    }
  });

  test("under another secret or context is refused", () => {
    const file = sealed(Buffer.from("content"));
    expectRefused(file, randomBytes(32));
    expectRefused(file, SECRET, Buffer.from("contexT"));
  });

  test("cut anywhere is refused, at a chunk's end too", () => {
    const short = sealed(Buffer.from("content"));
    for (let length = 0; length < short.length; length++) expectRefused(short.subarray(0, length));
    const chunk = MEBIBYTE + 16;
    const file = sealed(randomBytes(2 * MEBIBYTE + 7));
    for (const length of [HEADER, HEADER + chunk, HEADER + 2 * chunk, HEADER + 2 * chunk + 16, file.length - 1])
      expectRefused(file.subarray(0, length));
  });

  test("with anything after it, or its chunks doubled, left out or in another order, is refused", () => {
    const chunk = MEBIBYTE + 16;
    const file = sealed(randomBytes(2 * MEBIBYTE + 7));
    const parts = [
      file.subarray(0, HEADER),
      file.subarray(HEADER, HEADER + chunk),
      file.subarray(HEADER + chunk, HEADER + 2 * chunk),
      file.subarray(HEADER + 2 * chunk),
    ] as const;
    const [header, first, second, last] = parts;
    expect(open(Buffer.concat(parts)).length).toBe(2 * MEBIBYTE + 7);
    expectRefused(Buffer.concat([file, Buffer.alloc(1)]));
    expectRefused(Buffer.concat([file, last]));
    expectRefused(Buffer.concat([header, second, first, last]));
    expectRefused(Buffer.concat([header, first, first, last]));
    expectRefused(Buffer.concat([header, first, last]));
    expectRefused(Buffer.concat([header, last]));
  });

  test("gives no byte of a chunk that was changed", () => {
    const content = randomBytes(2 * MEBIBYTE);
    const file = sealed(content);
    file.writeUInt8(file.readUInt8(file.length - 1) ^ 1, file.length - 1);
    const path = join(temporaryFolder(), "file");
    writeFileSync(path, file);
    const given: Uint8Array[] = [];
    expect(() => {
      for (const piece of openStream(SECRET, CONTEXT, path, "the file")) given.push(piece);
    }).toThrow(expect.objectContaining({ code: "vault-invalid" }));
    expect(Buffer.concat(given).equals(content.subarray(0, MEBIBYTE))).toBe(true);
    expect(readFileSync(path).equals(file)).toBe(true);
  });

  test("that is not there is unreadable", () => {
    const path = join(temporaryFolder(), "nothing");
    expect(() => [...openStream(SECRET, CONTEXT, path, "it")]).toThrow(
      expect.objectContaining({ code: "file-unreadable" }),
    );
  });
});
