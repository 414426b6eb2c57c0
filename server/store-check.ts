/**
 * Looks whether all that the database names is there and can be read, while no server runs. Changes nothing.
 * In: data folder, key folder, last head. Out: counts, and what is wrong in sentences that name no record, key or handle.
 */
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { holdsWhatItSays } from "#engine/audit/entry.ts";
import { LinkageError } from "#engine/errors.ts";
import { decrypt } from "./aead.ts";
import { headFileOf, holdAgainstHead } from "./audit.ts";
import { keyFileName, keyFolderOf } from "./data-key-file.ts";
import { openServerKey, serverKeyId } from "./data-key.ts";
import { isAsStored, listEncryptedFiles, type EncryptedFile } from "./encrypted-values.ts";
import { SERVER_KEY_SETTING } from "./recovery.ts";
import { dataKeyOf } from "./rounds.ts";
import { roundsFolderOf } from "./secretariat.ts";
import { listLeaves, nextEntryNumber } from "./store/audit.ts";
import { databaseOf, lockFolder, openStoreToRead } from "./store/open.ts";
import { listKeyIds } from "./store/rounds.ts";
import { findSetting } from "./store/settings.ts";
import type { Store } from "./store/tables.ts";

const PAGE = 1_000;

type Place = { readonly dataDir: string; readonly serverKeyFile: string; readonly secretariat: string };

export type StoreCheck = {
  /** Rounds that are not erased. */
  rounds: number;
  /** Encrypted files that the database names. */
  files: number;
  /** Of these, decrypted; fewer when a key is missing. */
  opened: number;
  /** Of the audit log. */
  entries: number;
  /** Files that no row names; the server deletes those of rounds when it starts. */
  orphans: number;
  /** Empty when all is well. */
  faults: string[];
};

/**
 * @param place - Of a configuration; `secretariat` is the roster's.
 * @throws {@link LinkageError} `file-exists` if a server uses the folder; `file-unreadable` if there is no database.
 */
export async function checkStore({ dataDir, serverKeyFile, secretariat }: Place): Promise<StoreCheck> {
  if (!existsSync(databaseOf(dataDir))) throw new LinkageError("file-unreadable", `${dataDir} holds no database`);
  const lock = lockFolder(dataDir);
  const check: StoreCheck = { rounds: 0, files: 0, opened: 0, entries: 0, orphans: 0, faults: [] };
  try {
    await noting(check, async () => {
      const store = await openStoreToRead(databaseOf(dataDir));
      try {
        await noting(check, () => checkLog(check, store, secretariat, headFileOf(serverKeyFile)));
        await checkRounds(check, store, dataDir, serverKeyFile);
      } finally {
        await store.destroy();
      }
    });
    return check;
  } finally {
    lock.release();
  }
}

/** Notes what is refused as a fault, and goes on. */
async function noting({ faults }: StoreCheck, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof LinkageError)) throw error;
    faults.push(error.detail);
  }
}

async function checkLog(check: StoreCheck, store: Store, signKey: string, headFile: string): Promise<void> {
  check.entries = await nextEntryNumber(store);
  for (let from = 0; from < check.entries; from += PAGE)
    for (const [at, leaf] of (await listLeaves(store, from, PAGE)).entries())
      if (!holdsWhatItSays(leaf)) check.faults.push(`entry ${from + at} of the audit log is not what was committed to`);
  const { fault } = await holdAgainstHead(store, signKey, headFile);
  if (fault !== null) check.faults.push(fault);
}

async function checkRounds(check: StoreCheck, store: Store, dataDir: string, serverKeyFile: string): Promise<void> {
  const serverKey = existsSync(serverKeyFile) ? openServerKey(serverKeyFile) : null;
  if (serverKey === null) check.faults.push(`the server key ${serverKeyFile} is missing; nothing could be decrypted`);
  const known = await findSetting(store, SERVER_KEY_SETTING);
  if (serverKey !== null && known !== null && known !== serverKeyId(serverKey))
    check.faults.push("the server key file is not the one this database was made with");
  const keyFolder = keyFolderOf(serverKeyFile);
  const named = new Set<string>();
  for (const { id, keyId } of await listKeyIds(store)) {
    check.rounds++;
    named.add(keyFileName(id, keyId));
    let key: Uint8Array | null = null;
    await noting(check, async () => {
      if (serverKey !== null) key = await roundKey(keyFolder, serverKey, id, keyId);
    });
    for (const file of await listEncryptedFiles(store, id)) {
      named.add(file.file);
      await checkFile(check, join(roundsFolderOf(dataDir), id), file, key, id);
    }
  }
  check.orphans = [keyFolder, roundsFolderOf(dataDir)].flatMap(filesBelow).filter((name) => !named.has(name)).length;
}

/** @returns Names of files, without those of folders. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function roundKey(keyFolder: string, serverKey: Uint8Array, id: string, keyId: Uint8Array): Promise<Uint8Array> {
  try {
    return await dataKeyOf({ keyFolder, serverKey }, { id, key_id: keyId });
  } catch (error) {
    if (!(error instanceof LinkageError)) throw error;
    throw new LinkageError(error.code, `round ${id}: ${error.detail}`);
  }
}

async function checkFile(
  check: StoreCheck,
  folder: string,
  encrypted: EncryptedFile,
  key: Uint8Array | null,
  round: string,
): Promise<void> {
  check.files++;
  const name = `round ${round}: file ${encrypted.file}`;
  let sealed: Uint8Array;
  try {
    sealed = await readFile(join(folder, encrypted.file));
  } catch {
    check.faults.push(`${name} is missing or cannot be read`);
    return;
  }
  if (key === null) return;
  if (isOpenedWith(key, encrypted, sealed)) check.opened++;
  else check.faults.push(`${name} is damaged`);
}

function isOpenedWith(key: Uint8Array, encrypted: EncryptedFile, sealed: Uint8Array): boolean {
  let plain: Uint8Array;
  try {
    plain = decrypt(key, encrypted.context, sealed);
  } catch {
    return false;
  }
  return isAsStored(encrypted, plain);
}
