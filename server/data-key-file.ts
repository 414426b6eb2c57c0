/**
 * One file for each round's wrapped data key, in a folder beside the server key: outside the database and outside backups.
 * A file is on the disk before any row names it, and overwritten and gone before any row says so.
 */
import { createHash, randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { open, readFile, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LinkageError } from "#engine/errors.ts";
import { makeFolder, syncFolder, writeDurably } from "./encrypted-file.ts";

const FOLDER = "data-keys";
const OTHERS = 0o077;
const ID_BYTES = 16;
/** What follows the round's id in a key file's name, also while it is written. */
const AFTER_ROUND = /^\.[0-9a-f]{32}(\.part)?$/;

/**
 * @returns The folder of wrapped data keys that belongs to a server key, made if it is missing.
 * @throws {@link LinkageError} `file-unreadable` if others may read it.
 */
export function openKeyFolder(serverKeyFile: string): string {
  const folder = keyFolderOf(serverKeyFile);
  makeFolder(folder);
  if ((statSync(folder).mode & OTHERS) !== 0)
    throw new LinkageError("file-unreadable", `key folder ${folder}: others may read it; set its mode to 700`);
  return folder;
}

/** @returns The folder of wrapped data keys that belongs to a server key, whether it is there or not. */
export function keyFolderOf(serverKeyFile: string): string {
  return join(dirname(serverKeyFile), FOLDER);
}

/** @returns Name of a round's key file; the round's id leads, so that people find it. */
export function keyFileName(round: string, keyId: Uint8Array): string {
  return `${round}.${Buffer.from(keyId).toString("hex")}`;
}

/**
 * Writes a wrapped data key; the same one again changes nothing.
 *
 * @returns The key's id, 16 bytes, by which the round's row names it: a digest of the wrapped key.
 */
export async function writeKeyFile(folder: string, round: string, wrapped: Uint8Array): Promise<Uint8Array> {
  const keyId = new Uint8Array(createHash("sha256").update(wrapped).digest().subarray(0, ID_BYTES));
  await writeDurably(folder, keyFileName(round, keyId), wrapped);
  return keyId;
}

/** @returns The wrapped data key; null if its file is not there. */
export async function readKeyFile(folder: string, round: string, keyId: Uint8Array): Promise<Uint8Array | null> {
  try {
    return await readFile(join(folder, keyFileName(round, keyId)));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** @returns SHA-256 of a key file's name, base64url, by which a certificate names it. */
export function keyFileDigest(name: string): string {
  return createHash("sha256").update(name).digest("base64url");
}

/** Overwrites and deletes key files; those that are gone already do not matter. When this returns it survives a crash. */
export async function destroyKeyFiles(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await destroy(join(folder, name));
  syncFolder(folder);
}

/** @returns Names of all files in the folder. */
export async function listKeyFiles(folder: string): Promise<string[]> {
  return readdir(folder);
}

/** @returns Names of all key files of a round: its own, and those of attempts to create it that were cut off. */
export async function listKeyFilesOf(folder: string, round: string): Promise<string[]> {
  const isOf = (name: string): boolean => name.startsWith(`${round}.`) && AFTER_ROUND.test(name.slice(round.length));
  return (await readdir(folder)).filter(isOf);
}

async function destroy(path: string): Promise<void> {
  try {
    const file = await open(path, "r+");
    try {
      const { size } = await file.stat();
      await file.writeFile(randomBytes(size));
      await file.sync();
    } finally {
      await file.close();
    }
    await rm(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
