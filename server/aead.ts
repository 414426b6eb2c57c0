/**
 * Authenticated encryption of everything that the server keeps of a round.
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; sealed form: nonce (12) ‖ ciphertext ‖ tag (16).
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { giveUp } from "./give-up.ts";

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What sealing adds to a value's length. */
export const SEALING_BYTES = NONCE_BYTES + TAG_BYTES;
const PIECE_BYTES = 65_536;
const ALGORITHM = "aes-256-gcm";

/**
 * @param key - 32 bytes.
 * @param context - What the bytes are and where they belong; needed again to open them.
 * @returns The sealed form, 28 bytes longer than `plain`.
 */
export function encrypt(key: Uint8Array, context: Uint8Array, plain: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafeSlow(plain.length + SEALING_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(context);
  sealed.set(nonce);
  inPieces(cipher, plain, sealed.subarray(NONCE_BYTES));
  cipher.final();
  sealed.set(cipher.getAuthTag(), NONCE_BYTES + plain.length);
  return sealed;
}

/**
 * @param sealed - As {@link encrypt} gave it.
 * @throws Error if key or context is another, or a byte was changed.
 */
export function decrypt(key: Uint8Array, context: Uint8Array, sealed: Uint8Array): Uint8Array {
  return decryptInto(Buffer.allocUnsafeSlow(Math.max(0, sealed.length - SEALING_BYTES)), key, context, sealed);
}

/**
 * As {@link decrypt}, into memory of the caller's.
 *
 * @param memory - At least as long as the plain bytes; `sealed` may lie at its start and is then overwritten.
 * @returns The part of it that holds the plain bytes.
 */
export function decryptInto(memory: Uint8Array, key: Uint8Array, context: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < SEALING_BYTES) throw new Error("a sealed value is too short");
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(context)
    .setAuthTag(sealed.subarray(tagAt));
  inPieces(decipher, sealed.subarray(NONCE_BYTES, tagAt), memory);
  decipher.final();
  return memory.subarray(0, tagAt - NONCE_BYTES);
}

/** Piece by piece, each small enough for the processor's cache: the cipher makes new memory for whatever it gives. */
function inPieces(cipher: { readonly update: (piece: Uint8Array) => Uint8Array }, from: Uint8Array, into: Uint8Array) {
  for (let at = 0; at < from.length; at += PIECE_BYTES) {
    const piece = cipher.update(from.subarray(at, at + PIECE_BYTES));
    into.set(piece, at);
    giveUp(piece);
  }
}

/** @returns The parts in one unambiguous row: joined by zero bytes, which none of them holds. */
export function contextOf(...parts: readonly (string | number)[]): Uint8Array {
  return new TextEncoder().encode(parts.join("\0"));
}
