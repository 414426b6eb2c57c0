/**
 * Encrypted files that are on the disk, whole, before anyone is told so.
 * In: a name that is used once, a context and bytes. Out: one file, fsynced with its folder, or none.
 */
import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { randomBytes } from "node:crypto";
import { LinkageError } from "#engine/errors.ts";
import { contextOf, decrypt, encrypt } from "./aead.ts";
import { giveUp } from "./give-up.ts";
import { storageFailure } from "./storage-failure.ts";

const PRIVATE_MODE = 0o600;
const PRIVATE_FOLDER_MODE = 0o700;
const NAME_BYTES = 16;
/** Ending of a file that is still being written; start-up deletes such files. */
const UNFINISHED = ".part";

/** @returns A file name never used before. */
export function freshFileName(): string {
  return randomBytes(NAME_BYTES).toString("hex");
}

/** Where a chunk's bytes belong; the last part of `path` is the file's name. */
export type ChunkPlace = {
  readonly round: string;
  readonly from: string;
  readonly to: string;
  readonly index: number;
  readonly path: string;
};

/** What a chunk's bytes are bound to: also to the file's name, so that an earlier chunk put in its place does not open. */
export function chunkContext({ round, from, to, index, path }: ChunkPlace): Uint8Array {
  return contextOf("aquila/v1/chunk", round, from, to, index, basename(path));
}

/** What a package's bytes are bound to. */
export function packageContext(round: string, party: string): Uint8Array {
  return contextOf("aquila/v1/package", round, party);
}

/**
 * Writes a file; when this returns it survives a crash.
 *
 * @param name - From {@link freshFileName}.
 */
export async function writeEncrypted(
  folder: string,
  name: string,
  key: Uint8Array,
  context: Uint8Array,
  plain: Uint8Array,
): Promise<void> {
  const sealed = encrypt(key, context, plain);
  await writeDurably(folder, name, sealed);
  giveUp(sealed);
}

/** Writes a file that only its owner can read, whole or not at all; when this returns it survives a crash. */
export async function writeDurably(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const unfinished = join(folder, name + UNFINISHED);
  try {
    const file = await open(unfinished, "w", PRIVATE_MODE);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, join(folder, name));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @throws {@link LinkageError} `storage-damaged` if the file is missing, was changed, or belongs elsewhere. */
export async function readEncrypted(
  folder: string,
  name: string,
  key: Uint8Array,
  context: Uint8Array,
): Promise<Uint8Array> {
  try {
    return decrypt(key, context, await readFile(join(folder, name)));
  } catch (error) {
    if (storageFailure(error) !== null) throw error;
    throw new LinkageError("storage-damaged", "a stored file is missing or damaged; nothing of it is shown", {
      cause: error,
    });
  }
}

/**
 * Deletes files; those that are gone already do not matter.
 *
 * @throws Error of the first that cannot be deleted, once all others are.
 */
export async function deleteFiles(folder: string, names: readonly string[]): Promise<void> {
  const failures: unknown[] = [];
  for (const name of names)
    await rm(join(folder, name), { force: true }).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** Makes a folder that is missing, and those above it, for its owner only; when this returns they survive a crash. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: PRIVATE_FOLDER_MODE });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
}

/** @returns Whether the file of this name is still being written, or never was to its end. */
export function isUnfinished(name: string): boolean {
  return name.endsWith(UNFINISHED);
}

/** Makes new names in a folder survive a crash. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
