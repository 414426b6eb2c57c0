/**
 * Authenticated encryption of everything that the server keeps of a round.
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; sealed form: nonce (12) ‖ ciphertext ‖ tag (16).
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What sealing adds to a value's length. */
export const SEALING_BYTES = NONCE_BYTES + TAG_BYTES;
const ALGORITHM = "aes-256-gcm";

/**
 * @param key - 32 bytes.
 * @param context - What the bytes are and where they belong; needed again to open them.
 * @returns The sealed form, 28 bytes longer than `plain`.
 */
export function encrypt(key: Uint8Array, context: Uint8Array, plain: Uint8Array): Uint8Array {
  return Buffer.concat(encryptParts(key, context, plain));
}

/** @returns The sealed form in parts, so that a long one is not copied. */
export function encryptParts(key: Uint8Array, context: Uint8Array, plain: Uint8Array): Uint8Array[] {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(context);
  const parts = [nonce, cipher.update(plain), cipher.final()];
  return [...parts, cipher.getAuthTag()];
}

/**
 * @param sealed - As {@link encrypt} gave it.
 * @throws Error if key or context is another, or a byte was changed.
 */
export function decrypt(key: Uint8Array, context: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new Error("a sealed value is too short");
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(context)
    .setAuthTag(sealed.subarray(tagAt));
  const plain = decipher.update(sealed.subarray(NONCE_BYTES, tagAt));
  decipher.final();
  return plain;
}

/** @returns The parts in one unambiguous row: joined by zero bytes, which none of them holds. */
export function contextOf(...parts: readonly (string | number)[]): Uint8Array {
  return new TextEncoder().encode(parts.join("\0"));
}
