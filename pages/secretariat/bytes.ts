/**
 * Bytes in the browser as engine/round/binary.ts has them at the server: base64url without padding, labels, SHA-256.
 */

/** As WebCrypto takes and gives them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** RFC 4648 §4, with padding. */
export function toBase64(bytes: Bytes): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @throws DOMException if it is not base64. */
export function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export function toBase64url(bytes: Bytes): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @throws DOMException if it is not base64url. */
export function fromBase64url(text: string): Bytes {
  return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}

/**
 * The same without a string in between, which nobody could overwrite.
 *
 * @param text - ASCII of base64url.
 * @throws RangeError if it is not.
 */
export function decodeSecret(text: Bytes): Bytes {
  const decoded = new Uint8Array(Math.floor((text.length * 6) / 8));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(String.fromCharCode(letter));
    if (value < 0) throw new RangeError("decodeSecret: not base64url");
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      decoded[at++] = (held >> bits) & 0xff;
    }
  }
  return decoded;
}

export function joined(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @returns `label` in ASCII ‖ 0x00 ‖ `parts`, joined. */
export function labelled(label: string, ...parts: readonly Bytes[]): Bytes {
  return joined(utf8(`${label}\0`), ...parts);
}

export function areEqual(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export function randomText(length: number): string {
  return toBase64url(crypto.getRandomValues(new Uint8Array(length)));
}
