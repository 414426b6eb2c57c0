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

const NOT_FOR_ASCII: ReadonlySet<Encoding> = new Set(["latin-1", "json", "json upper"]);
const FIRST_NOT_ASCII = 0x80;

/** @returns The bytes that `text` (UTF-8) leaves in a stream under an encoding. */
export function encodeNeedle(text: Buffer, encoding: Encoding): Buffer {
  switch (encoding) {
    case "utf-8":
      return text;
    case "utf-16le":
      return Buffer.from(text.toString("utf8"), "utf16le");
    case "utf-16be":
      return Buffer.from(text.toString("utf8"), "utf16le").swap16();
    case "latin-1":
      return Buffer.from(text.toString("utf8"), "latin1");
    case "json":
      return jsonEscaped(text);
    case "json upper":
      return jsonEscaped(text, (digits) => digits.toUpperCase());
    case "hex":
      return Buffer.from(text.toString("hex"), "latin1");
    case "hex upper":
      return Buffer.from(text.toString("hex").toUpperCase(), "latin1");
    case "base64+0":
      return base64Interior(text, 0, "base64");
    case "base64+1":
      return base64Interior(text, 1, "base64");
    case "base64+2":
      return base64Interior(text, 2, "base64");
    case "base64url+0":
      return base64Interior(text, 0, "base64url");
    case "base64url+1":
      return base64Interior(text, 1, "base64url");
    case "base64url+2":
      return base64Interior(text, 2, "base64url");
  }
}

/** JSON with every letter beyond ASCII escaped (RFC 8259 §7). */
function jsonEscaped(text: Buffer, digitCase = (digits: string): string => digits): Buffer {
  const escaped = text
    .toString("utf8")
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${digitCase(unit.charCodeAt(0).toString(16).padStart(4, "0"))}`);
  return Buffer.from(escaped, "latin1");
}

/**
 * Characters all of whose six bits belong to the text, when it starts `alignment` bytes after a group of three.
 */
function base64Interior(text: Buffer, alignment: number, alphabet: "base64" | "base64url"): Buffer {
  const padded = Buffer.alloc(alignment + text.length);
  text.copy(padded, alignment);
  const first = Math.ceil((alignment * 8) / 6);
  const end = Math.floor((padded.length * 8) / 6);
  return Buffer.from(padded.toString(alphabet).slice(first, end), "latin1");
}

/** Patterns of a text, each with the index of its encoding; an encoding that cannot hold the text or repeats another is left out. */
export function* patternsOf(text: Buffer): Generator<readonly [number, Buffer]> {
  const isAscii = text.every((byte) => byte < FIRST_NOT_ASCII);
  for (const [code, encoding] of ENCODINGS.entries()) {
    if (isAscii && NOT_FOR_ASCII.has(encoding)) continue;
    const pattern = encodeNeedle(text, encoding);
    if (pattern.length >= WINDOW_BYTES && !isRepeated(text, encoding, pattern)) yield [code, pattern];
  }
}

/** Latin-1 that loses letters, hexadecimal without letters, base64url without its own two characters. */
function isRepeated(text: Buffer, encoding: Encoding, pattern: Buffer): boolean {
  switch (encoding) {
    case "latin-1":
      return pattern.toString("latin1") !== text.toString("utf8");
    case "json upper":
      return pattern.equals(encodeNeedle(text, "json"));
    case "hex upper":
      return !/[A-F]/.test(pattern.toString("latin1"));
    case "base64url+0":
    case "base64url+1":
    case "base64url+2":
      return !pattern.includes("-") && !pattern.includes("_");
    case "utf-8":
    case "utf-16le":
    case "utf-16be":
    case "json":
    case "hex":
    case "base64+0":
    case "base64+1":
    case "base64+2":
      return false;
  }
}
