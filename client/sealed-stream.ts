/**
 * Encrypted files of any length, read and written chunk by chunk; docs/spec/vault.md, "A sealed file".
 * STREAM (Hoang, Reyhanitabar, Rogaway and Vizár 2015, "Online Authenticated-Encryption and its Nonce-Reuse
 * Misuse-Resistance") over AES-256-GCM, with a key of its own for each writing (HKDF-SHA-256, RFC 5869).
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { LinkageError } from "#engine/errors.ts";
import { inPieces } from "./pieces.ts";

const ALGORITHM = "aes-256-gcm";
const MAGIC = Buffer.from("AQSEAL01", "ascii");
const KEY_BYTES = 32;
const SALT_BYTES = 32;
const HEADER_BYTES = MAGIC.length + SALT_BYTES;
const CHUNK_BYTES = 1_048_576;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;

/**
 * @param secret - 32 bytes.
 * @param context - What the bytes are and where they belong; needed again to open them.
 * @returns The sealed file, piece by piece.
 */
export function* sealStream(
  secret: Uint8Array,
  context: Uint8Array,
  pieces: Iterable<Uint8Array>,
): Generator<Uint8Array> {
  const salt = randomBytes(SALT_BYTES);
  const key = streamKey(secret, salt, context);
  try {
    yield Buffer.concat([MAGIC, salt]);
    let index = 0;
    // One chunk behind, since the last one is sealed as such.
    let held: Uint8Array = new Uint8Array(0);
    for (const chunk of inPieces(pieces, CHUNK_BYTES)) {
      if (held.length > 0) yield* sealChunk(key, index++, false, held);
      held.fill(0);
      held = chunk;
    }
    yield* sealChunk(key, index, true, held);
    held.fill(0);
  } finally {
    key.fill(0);
  }
}

/**
 * Opens a sealed file; no byte is given before its chunk is authenticated, but an early chunk before a later one.
 *
 * @param what - How the file is called in a refusal's detail.
 * @param startAt - Bytes of the file before the sealed ones.
 * @throws {@link LinkageError} `file-unreadable`; `vault-invalid` if secret or context is another, or a byte was changed, added or cut off.
 */
export function* openStream(
  secret: Uint8Array,
  context: Uint8Array,
  path: string,
  what: string,
  startAt = 0,
): Generator<Uint8Array> {
  const file = openToRead(path, what);
  let key: Uint8Array | null = null;
  try {
    const { size } = fstatSync(file);
    const header = new Uint8Array(HEADER_BYTES);
    if (
      !fills(file, new Uint8Array(startAt)) ||
      !fills(file, header) ||
      !MAGIC.equals(header.subarray(0, MAGIC.length))
    )
      throw notAsWritten(path, what);
    key = streamKey(secret, header.subarray(MAGIC.length), context);
    let at = startAt + HEADER_BYTES;
    for (let index = 0; ; index++) {
      const sealed = new Uint8Array(Math.min(CHUNK_BYTES + TAG_BYTES, size - at));
      at += sealed.length;
      const isLast = at === size;
      const plain = fills(file, sealed) ? openChunk(key, index, isLast, sealed) : null;
      if (plain === null || (plain.length === 0 && index > 0)) throw notAsWritten(path, what);
      yield plain;
      if (isLast) return;
    }
  } finally {
    key?.fill(0);
    closeSync(file);
  }
}

/** @returns Bytes of the content of a sealed file of `sealedBytes`, if it is as it was written. */
export function contentLength(sealedBytes: number): number {
  const bodyBytes = Math.max(sealedBytes - HEADER_BYTES, TAG_BYTES);
  return bodyBytes - Math.ceil(bodyBytes / (CHUNK_BYTES + TAG_BYTES)) * TAG_BYTES;
}

function streamKey(secret: Uint8Array, salt: Uint8Array, context: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, salt, context, KEY_BYTES));
}

/** @returns Ciphertext and tag, apart, so that the one is not copied. */
function sealChunk(key: Uint8Array, index: number, isLast: boolean, plain: Uint8Array): Uint8Array[] {
  const cipher = createCipheriv(ALGORITHM, key, nonceOf(index, isLast), { authTagLength: TAG_BYTES });
  const sealed = [cipher.update(plain), cipher.final()];
  return [...sealed, cipher.getAuthTag()];
}

/** @returns Null if the chunk was not sealed by this key at this place. */
function openChunk(key: Uint8Array, index: number, isLast: boolean, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < TAG_BYTES) return null;
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, key, nonceOf(index, isLast), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plain = decipher.update(sealed.subarray(0, tagAt));
  try {
    decipher.final();
  } catch {
    plain.fill(0);
    return null;
  }
  return plain;
}

/** The chunk's index in 11 bytes, big-endian, then 1 for the last chunk and 0 for the others. */
function nonceOf(index: number, isLast: boolean): Uint8Array {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUIntBE(index, 5, 6);
  nonce[NONCE_BYTES - 1] = Number(isLast);
  return nonce;
}

function openToRead(path: string, what: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw new LinkageError("file-unreadable", `cannot open ${what}: ${path}`, { cause: error });
  }
}

/** Whether the file had as many bytes left as `buffer` takes. */
function fills(file: number, buffer: Uint8Array): boolean {
  let filled = 0;
  for (let read = -1; read !== 0 && filled < buffer.length; filled += read)
    read = readSync(file, buffer, filled, buffer.length - filled, null);
  return filled === buffer.length;
}

function notAsWritten(path: string, what: string): LinkageError {
  return new LinkageError(
    "vault-invalid",
    `${what} is not as this vault wrote it: changed, cut short, or another file in its place: ${path}`,
  );
}
