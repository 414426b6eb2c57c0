/**
 * Encodings in which a leaked text may stand, and the bytes that it leaves in each.
 * UTF-8, UTF-16, Latin-1 (as V8 keeps strings that fit it), JSON escapes (as its heap snapshots write other letters),
 * hexadecimal and base64 (RFC 4648 §4, §5 and §8). Base64 of a text inside a longer stream depends on its neighbours except
 * for its interior, at three alignments; the interior is what is searched.
 */

export const ENCODINGS = [
  "utf-8",
  "utf-16le",
  "utf-16be",
  "latin-1",
  "json",
  "json upper",
  "hex",
  "hex upper",
  "base64+0",
  "base64+1",
  "base64+2",
  "base64url+0",
  "base64url+1",
  "base64url+2",
] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Shortest text searched, in bytes of UTF-8, and the bytes of a pattern by which the index finds it. */
export const WINDOW_BYTES = 8;

/** An escape of six bytes stands for two bytes of UTF-8 or more, two hexadecimal digits for one. */
const BYTES_OF_ESCAPE = 6;
const FIRST_NOT_ASCII = 0x80;
const DIGIT_NINE = 0x39;
const HYPHEN = 0x2d;
const LOW_LINE = 0x5f;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const BITS_OF_BASE64 = 6;
const HEX = { lower: asciiOf("0123456789abcdef"), upper: asciiOf("0123456789ABCDEF") } as const;
const LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64 = { standard: asciiOf(`${LETTERS_AND_DIGITS}+/`), url: asciiOf(`${LETTERS_AND_DIGITS}-_`) } as const;

/** A text as encoders read it. */
export type SearchedText = { readonly units: string; readonly utf8: Uint8Array };

/** @returns Bytes that are enough for a text in any of the encodings. */
export function roomFor(utf8Bytes: number): number {
  return BYTES_OF_ESCAPE * utf8Bytes;
}

/**
 * Writes the bytes that a text leaves in a stream under an encoding.
 *
 * @param out - At least {@link roomFor} the text.
 * @returns Number of bytes written.
 */
export function encodeNeedle({ units, utf8 }: SearchedText, encoding: Encoding, out: Uint8Array): number {
  switch (encoding) {
    case "utf-8":
      out.set(utf8);
      return utf8.length;
    case "utf-16le":
      return writeUnits(units, out, 2, 0, 1);
    case "utf-16be":
      return writeUnits(units, out, 2, 1, 0);
    case "latin-1":
      return writeUnits(units, out, 1, 0, 0);
    case "json":
      return writeEscapes(units, HEX.lower, out);
    case "json upper":
      return writeEscapes(units, HEX.upper, out);
    case "hex":
      return writeHex(utf8, HEX.lower, out);
    case "hex upper":
      return writeHex(utf8, HEX.upper, out);
    case "base64+0":
      return writeBase64(utf8, 0, BASE64.standard, out);
    case "base64+1":
      return writeBase64(utf8, 1, BASE64.standard, out);
    case "base64+2":
      return writeBase64(utf8, 2, BASE64.standard, out);
    case "base64url+0":
      return writeBase64(utf8, 0, BASE64.url, out);
    case "base64url+1":
      return writeBase64(utf8, 1, BASE64.url, out);
    case "base64url+2":
      return writeBase64(utf8, 2, BASE64.url, out);
  }
}

/**
 * Whether an encoding can hold a text and gives other bytes than its twin: Latin-1 and JSON of ASCII do not, nor does upper
 * case without a digit above nine, nor base64url without its own two characters.
 *
 * @param pattern - The text in this encoding.
 */
export function isTelling({ units, utf8 }: SearchedText, encoding: Encoding, pattern: Uint8Array): boolean {
  if (pattern.length < WINDOW_BYTES) return false;
  const isAscii = units.length === utf8.length;
  switch (encoding) {
    case "latin-1":
      return !isAscii && !/[^\0-\xff]/.test(units);
    case "json":
      return !isAscii;
    case "json upper":
      return !isAscii && hasHexLetter(units);
    case "hex upper":
      return pattern.some((byte) => byte > DIGIT_NINE);
    case "base64url+0":
    case "base64url+1":
    case "base64url+2":
      return pattern.includes(HYPHEN) || pattern.includes(LOW_LINE);
    case "utf-8":
    case "utf-16le":
    case "utf-16be":
    case "hex":
    case "base64+0":
    case "base64+1":
    case "base64+2":
      return true;
  }
}

/** Writes UTF-16 units (RFC 2781) or their lower bytes alone, `width` bytes each. */
function writeUnits(units: string, out: Uint8Array, width: number, lowAt: number, highAt: number): number {
  for (let at = 0; at < units.length; at++) {
    const unit = units.charCodeAt(at);
    if (width === 2) out[at * width + highAt] = unit >>> 8;
    out[at * width + lowAt] = unit & 0xff;
  }
  return units.length * width;
}

/** Writes JSON with every letter beyond ASCII escaped (RFC 8259 §7). */
function writeEscapes(units: string, digits: Uint8Array, out: Uint8Array): number {
  let length = 0;
  for (let at = 0; at < units.length; at++) {
    const unit = units.charCodeAt(at);
    if (unit < FIRST_NOT_ASCII) {
      out[length++] = unit;
      continue;
    }
    out[length++] = BACKSLASH;
    out[length++] = LETTER_U;
    for (let shift = 12; shift >= 0; shift -= 4) out[length++] = digits[(unit >>> shift) & 15] as number;
  }
  return length;
}

function writeHex(utf8: Uint8Array, digits: Uint8Array, out: Uint8Array): number {
  for (let at = 0; at < utf8.length; at++) {
    const byte = utf8[at] as number;
    out[2 * at] = digits[byte >>> 4] as number;
    out[2 * at + 1] = digits[byte & 15] as number;
  }
  return 2 * utf8.length;
}

/** Writes the characters all of whose bits belong to the text, when it starts `alignment` bytes after a group of three. */
function writeBase64(utf8: Uint8Array, alignment: number, alphabet: Uint8Array, out: Uint8Array): number {
  const first = Math.ceil((alignment * 8) / BITS_OF_BASE64);
  const end = Math.floor(((alignment + utf8.length) * 8) / BITS_OF_BASE64);
  for (let character = first; character < end; character++) {
    const bit = character * BITS_OF_BASE64;
    const at = (bit >>> 3) - alignment;
    const pair = ((utf8[at] as number) << 8) | (at + 1 < utf8.length ? (utf8[at + 1] as number) : 0);
    out[character - first] = alphabet[(pair >>> (10 - (bit & 7))) & 63] as number;
  }
  return end - first;
}

/** Whether a letter beyond ASCII has a hexadecimal digit above nine. */
function hasHexLetter(units: string): boolean {
  for (let at = 0; at < units.length; at++) {
    const unit = units.charCodeAt(at);
    if (unit >= FIRST_NOT_ASCII && /[a-f]/.test(unit.toString(16))) return true;
  }
  return false;
}

function asciiOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
