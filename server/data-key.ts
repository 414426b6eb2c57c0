/**
 * The keys at rest: one server key in a file of its own, and one data key for each round, wrapped under it.
 * Destroying a round's wrapped key makes every file of the round unreadable, unless a copy of its key file made before
 * comes together with the server key.
 */
import { createHash, hkdfSync, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { LinkageError } from "#engine/errors.ts";
import { publicKeyOfSeed, type SigningKeys } from "#engine/round/identity.ts";
import { contextOf, decrypt, encrypt, KEY_BYTES } from "./aead.ts";
import { syncFolder } from "./encrypted-file.ts";

const PRIVATE_MODE = 0o600;
const OTHERS = 0o077;
const ID_BYTES = 16;

/**
 * Reads the server key, making it on first use.
 *
 * @param path - File of 32 random bytes, mode 600; it belongs outside the database's folder and outside its backups.
 * @throws {@link LinkageError} `file-unreadable` if it has another length or others may read it.
 */
export function openServerKey(path: string): Uint8Array {
  const made = makeServerKey(path);
  if (made !== null) return made;
  if ((statSync(path).mode & OTHERS) !== 0)
    throw new LinkageError("file-unreadable", `server key ${path}: others may read it; set its mode to 600`);
  const key = readFileSync(path);
  if (key.length !== KEY_BYTES)
    throw new LinkageError("file-unreadable", `server key ${path}: ${key.length} bytes, not ${KEY_BYTES}`);
  return new Uint8Array(key);
}

/**
 * @returns The Ed25519 keys with which the secretariat signs, derived from the server key (HKDF-SHA256, RFC 5869), so that
 * there is one secret to guard.
 */
export function signingKeysOf(serverKey: Uint8Array): SigningKeys {
  const seed = Buffer.from(hkdfSync("sha256", serverKey, "", "aquila/v1/secretariat-signing", KEY_BYTES));
  const signSecret = seed.toString("base64url");
  seed.fill(0);
  return { signKey: publicKeyOfSeed(signSecret), signSecret };
}

/** @returns Public name of a server key, by which a database knows its own again. */
export function serverKeyId(serverKey: Uint8Array): string {
  const digest = createHash("sha256").update("aquila/v1/server-key-id\0").update(serverKey).digest();
  return digest.subarray(0, ID_BYTES).toString("base64url");
}

/** @returns A fresh data key, 32 bytes. */
export function makeDataKey(): Uint8Array {
  return new Uint8Array(randomBytes(KEY_BYTES));
}

/** @param round - Id of the round whose key this is. */
export function wrapDataKey(serverKey: Uint8Array, round: string, dataKey: Uint8Array): Uint8Array {
  return encrypt(serverKey, contextOf("aquila/v1/data-key", round), dataKey);
}

/** @throws Error if the key was not wrapped under this server key for this round. */
export function unwrapDataKey(serverKey: Uint8Array, round: string, wrapped: Uint8Array): Uint8Array {
  return decrypt(serverKey, contextOf("aquila/v1/data-key", round), wrapped);
}

/** Whole or not at all, and never in the place of another. @returns The new key, or null if the file exists. */
function makeServerKey(path: string): Uint8Array | null {
  const unfinished = `${path}.part`;
  const key = makeDataKey();
  try {
    if (existsSync(path)) return null;
    // Not written over: it might have another mode.
    rmSync(unfinished, { force: true });
    const file = openSync(unfinished, "wx", PRIVATE_MODE);
    writeFileSync(file, key);
    fsyncSync(file);
    closeSync(file);
    linkSync(unfinished, path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return null;
    throw error;
  } finally {
    // Also one that was left behind: it may be a second name of the key.
    rmSync(unfinished, { force: true });
  }
  syncFolder(dirname(path));
  return key;
}
