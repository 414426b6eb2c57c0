/**
 * Sealed values, held against AES-256-GCM in one call of node:crypto.
 */
import { createDecipheriv, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { contextOf, decrypt, decryptInto, encrypt, KEY_BYTES, SEALING_BYTES } from "#server/aead.ts";
import { giveUp } from "#server/give-up.ts";

const KEY = randomBytes(KEY_BYTES);
const CONTEXT = contextOf("a test", 1);

describe("a sealed value", () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 200_000])("of %i bytes is what the standard says", (length) => {
    const plain = randomBytes(length);
    const sealed = Buffer.from(encrypt(KEY, CONTEXT, plain));
    expect(sealed).toHaveLength(length + SEALING_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", KEY, sealed.subarray(0, 12))
      .setAAD(CONTEXT)
      .setAuthTag(sealed.subarray(-16));
    const opened = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
    expect(opened.equals(plain)).toBe(true);
    expect(Buffer.from(decrypt(KEY, CONTEXT, sealed)).equals(plain)).toBe(true);
  });

  it("opens in its own place, and from shared memory", () => {
    const plain = randomBytes(200_000);
    const shared = new Uint8Array(new SharedArrayBuffer(plain.length));
    shared.set(plain);
    const memory = new Uint8Array(plain.length + SEALING_BYTES);
    memory.set(encrypt(KEY, CONTEXT, shared));
    expect(Buffer.from(decryptInto(memory, KEY, CONTEXT, memory)).equals(plain)).toBe(true);
  });

  it("does not open when any part of it was changed or is missing", () => {
    const sealed = encrypt(KEY, CONTEXT, randomBytes(100_000));
    for (const at of [0, 12, 70_000, sealed.length - 1]) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] as number) ^ 1;
      expect(() => decrypt(KEY, CONTEXT, changed), String(at)).toThrow();
    }
    for (const length of [0, SEALING_BYTES - 1, SEALING_BYTES, sealed.length - 1])
      expect(() => decrypt(KEY, CONTEXT, sealed.subarray(0, length)), String(length)).toThrow();
  });
});

describe("memory that is given up", () => {
  it("is gone when it is the bytes' own, and stays when others share it", () => {
    const own = new Uint8Array(1_000);
    giveUp(own);
    expect(own).toHaveLength(0);
    for (const bytes of [new Uint8Array(1_000).subarray(1), new Uint8Array(new SharedArrayBuffer(8))]) {
      const { length } = bytes;
      giveUp(bytes);
      expect(bytes).toHaveLength(length);
    }
  });
});
