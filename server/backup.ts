/**
 * A copy of the data folder that can be put back: the database as it is at one moment, the encrypted files that its rows
 * name, and a list of both with their digests, written last. No key is in it.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { Bytes32 } from "#engine/round/binary.ts";
import { makeFolder, syncFolder, writeDurably } from "./encrypted-file.ts";
import { roundsFolderOf } from "./secretariat.ts";
import { nextEntryNumber } from "./store/audit.ts";
import { copyStore, DATABASE_FILE, databaseOf, openStoreToRead } from "./store/open.ts";
import { listResultFiles } from "./store/packages.ts";
import { listLiveRounds } from "./store/rounds.ts";
import { listChunkFiles } from "./store/uploads.ts";

const PRIVATE_MODE = 0o600;
const LIST_FILE = "backup.json";
/** A file may go while it is copied; then the database has moved on and is copied again. */
const MOST_COPIES = 5;
const PIECE_BYTES = 4 * 1_048_576;

const StoredFile = z.strictObject({
  byteLength: z.int().min(0),
  /** SHA-256. */
  digest: Bytes32,
  /** In the data folder: the database, or an encrypted file of a round. */
  path: z.string().regex(/^(aquila\.db|rounds\/[a-z0-9-]{1,64}\/[0-9a-f]{32})$/),
});
const Backup = z.strictObject({
  at: z.iso.datetime({ precision: 3 }),
  /** Of the audit log. */
  entries: z.int().min(0),
  files: z.array(StoredFile).min(1),
  format: z.literal("aquila/backup/v1"),
});
export type Backup = z.infer<typeof Backup>;

/**
 * Makes a backup; the server may run meanwhile. When this returns it survives a crash.
 *
 * @param folder - New.
 * @throws {@link LinkageError} `file-exists`; `file-unreadable` if there is no database, it is damaged, or a file that it
 * names is missing.
 */
export async function backUp(dataDir: string, folder: string, now: Date): Promise<Backup> {
  if (existsSync(folder)) throw new LinkageError("file-exists", `${folder} is there already; name a new folder`);
  if (!existsSync(databaseOf(dataDir))) throw new LinkageError("file-unreadable", `${dataDir} holds no database`);
  makeFolder(folder);
  try {
    for (let copies = 1; ; copies++) {
      const { files, entries, missing } = await copyAll(dataDir, folder);
      if (missing === null) {
        const backup: Backup = { at: now.toISOString(), entries, files, format: "aquila/backup/v1" };
        await writeDurably(folder, LIST_FILE, canonicalBytes(backup));
        return backup;
      }
      if (copies === MOST_COPIES)
        throw new LinkageError("file-unreadable", `${missing}, which the database names, is missing`);
      for (const name of readdirSync(folder)) await rm(join(folder, name), { recursive: true });
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Puts a backup back.
 *
 * @param dataDir - Missing or empty.
 * @throws {@link LinkageError} `file-exists`; `file-unreadable` if the backup is not whole.
 */
export async function restore(folder: string, dataDir: string): Promise<Backup> {
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0)
    throw new LinkageError("file-exists", `${dataDir} is not empty; move away what is in it`);
  const backup = readBackup(folder);
  for (const { path, ...said } of backup.files) {
    const found = await measure(join(folder, path));
    if (found?.digest !== said.digest || found.byteLength !== said.byteLength)
      throw new LinkageError("file-unreadable", `${join(folder, path)} is ${found === null ? "missing" : "damaged"}`);
  }
  makeFolder(dataDir);
  // The database last: without it the server refuses what was cut off.
  const files = [...backup.files].sort((a, b) => Number(a.path === DATABASE_FILE) - Number(b.path === DATABASE_FILE));
  for (const { path } of files)
    if (!(await copyDurably(join(folder, path), join(dataDir, path))))
      throw new LinkageError("file-unreadable", `${join(folder, path)} went while it was copied`);
  return backup;
}

/** @returns What was copied, or the first file that is missing. */
async function copyAll(
  dataDir: string,
  folder: string,
): Promise<{ files: Backup["files"]; entries: number; missing: string | null }> {
  copyStore(databaseOf(dataDir), join(folder, DATABASE_FILE));
  const files = [await copied(folder, DATABASE_FILE)];
  const store = await openStoreToRead(join(folder, DATABASE_FILE));
  try {
    const entries = await nextEntryNumber(store);
    for (const round of await listLiveRounds(store))
      for (const file of [...(await listChunkFiles(store, round)), ...(await listResultFiles(store, round))]) {
        const from = join(roundsFolderOf(dataDir), round, file);
        const path = `rounds/${round}/${file}`;
        if (!(await copyDurably(from, join(folder, path)))) return { files, entries, missing: from };
        files.push(await copied(folder, path));
      }
    return { files, entries, missing: null };
  } finally {
    await store.destroy();
  }
}

async function copied(folder: string, path: string): Promise<Backup["files"][number]> {
  const found = await measure(join(folder, path));
  if (found === null) throw new LinkageError("file-unreadable", `${join(folder, path)} went while it was copied`);
  return { path, ...found };
}

/** @returns False if the file is missing. */
async function copyDurably(from: string, to: string): Promise<boolean> {
  makeFolder(dirname(to));
  try {
    await copyFile(from, to);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  const file = await open(to, "r+");
  try {
    await file.chmod(PRIVATE_MODE);
    await file.sync();
  } finally {
    await file.close();
  }
  syncFolder(dirname(to));
  return true;
}

/** @returns Length and SHA-256 of a file that is on the disk when this returns; null if it is missing. */
async function measure(path: string): Promise<{ byteLength: number; digest: string } | null> {
  try {
    const file = await open(path, "r");
    try {
      await file.sync();
      const hash = createHash("sha256");
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      let byteLength = 0;
      for (;;) {
        const { bytesRead } = await file.read(piece, 0, piece.length, null);
        if (bytesRead === 0) return { byteLength, digest: hash.digest("base64url") };
        hash.update(piece.subarray(0, bytesRead));
        byteLength += bytesRead;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function readBackup(folder: string): Backup {
  const path = join(folder, LIST_FILE);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new LinkageError("file-unreadable", `${folder} is no whole backup: ${LIST_FILE} cannot be read`, {
      cause: error,
    });
  }
  const parsed = Backup.safeParse(value);
  if (!parsed.success) throw new LinkageError("file-unreadable", `${path} has another shape`);
  if (!parsed.data.files.some((file) => file.path === DATABASE_FILE))
    throw new LinkageError("file-unreadable", `${path} names no database`);
  return parsed.data;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
