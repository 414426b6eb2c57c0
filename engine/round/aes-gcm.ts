/**
 * AES-256-GCM (NIST SP 800-38D), nonces of 12 bytes, the tag of 16 bytes behind the ciphertext.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** @param key - 32 bytes; never twice with one nonce. */
export function encryptGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  additionalData: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(additionalData);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error if key, nonce, additional data and ciphertext do not belong together. */
export function decryptGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  additionalData: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(additionalData)
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
}
