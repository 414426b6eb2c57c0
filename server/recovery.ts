/**
 * What start-up puts right after a server that ended without warning.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { LinkageError } from "#engine/errors.ts";
import { destroyKeyFiles, keyFileDigest, keyFileName, listKeyFiles } from "./data-key-file.ts";
import { serverKeyId } from "./data-key.ts";
import { deleteFiles, isUnfinished, makeFolder } from "./encrypted-file.ts";
import { readCertificate } from "./erasure.ts";
import { faultOf } from "./log.ts";
import { folderOf, type Secretariat } from "./secretariat.ts";
import { emptyLog } from "./store/open.ts";
import { listResultFiles } from "./store/packages.ts";
import { findRound, listCertificates, listKeyIds, moveAllRounds } from "./store/rounds.ts";
import { findSetting, insertSetting } from "./store/settings.ts";
import type { Store } from "./store/tables.ts";
import { listChunkFiles, moveAllUploads } from "./store/uploads.ts";

/** Holds the name of the server key that the store belongs to. */
export const SERVER_KEY_SETTING = "server-key-id";

/**
 * Ties the store to its server key on first use; a key lost and made anew would leave every round unreadable.
 *
 * @throws {@link LinkageError} `file-unreadable` if the store belongs to another key.
 */
export async function bindServerKey(store: Store, serverKey: Uint8Array): Promise<void> {
  const known = await findSetting(store, SERVER_KEY_SETTING);
  if (known === null) await insertSetting(store, SERVER_KEY_SETTING, serverKeyId(serverKey));
  else if (known !== serverKeyId(serverKey))
    throw new LinkageError("file-unreadable", "the server key file is not the one this database was made with");
}

/** Takes half-done work back to where it can go on, and deletes files that no row names. */
export async function recover(secretariat: Secretariat): Promise<void> {
  const { store, roundsFolder, log } = secretariat;
  makeFolder(roundsFolder);
  const interrupted = await store.transaction().execute(async (transaction) => {
    await moveAllUploads(transaction, "checking", "partial");
    return moveAllRounds(transaction, "matching", "sealed");
  });
  if (interrupted > 0) log.warn({ state: "sealed" }, "matching was interrupted; the round is sealed again");
  // An erasure that was cut off leaves what it overwrote in the write-ahead log.
  await emptyLog(store);
  for (const name of await readdir(roundsFolder)) {
    try {
      await sweep(secretariat, name);
    } catch (error) {
      log.error({ round: name, fault: faultOf(error) }, "files that nothing names cannot be deleted");
    }
  }
  await checkKeyFiles(secretariat);
}

/**
 * Says which rounds can no longer be read. Destroys key files that were never whole, and those that a certificate calls
 * destroyed: somebody put a copy back. Others that no round names are counted and left: they are another database's, of
 * rounds that an older copy of this one does not know, or of a round that was cut off while it was created, whose key
 * nothing was encrypted under.
 */
async function checkKeyFiles({ store, keyFolder, log }: Secretariat): Promise<void> {
  const destroyed = await listDestroyedKeys(store);
  const all = await listKeyFiles(keyFolder);
  const putBack = all.filter((file) => destroyed.has(keyFileDigest(file)));
  if (putBack.length > 0)
    log.error({ files: putBack.length }, "key files of erased rounds had been put back; they are destroyed again");
  const gone = [...putBack, ...all.filter(isUnfinished)];
  await destroyKeyFiles(keyFolder, gone);
  const files = new Set(all.filter((file) => !gone.includes(file)));
  for (const { id, state, keyId } of await listKeyIds(store))
    if (!files.delete(keyFileName(id, keyId)))
      log.error({ round: id, state }, "the round's key file is missing; the round can only be erased");
  if (files.size > 0) log.warn({ files: files.size }, "the key folder holds files that no round names; they are left");
}

/** @returns Digests of the names of key files that certificates call destroyed. */
async function listDestroyedKeys(store: Store): Promise<ReadonlySet<string>> {
  return new Set((await listCertificates(store)).map((text) => readCertificate(text).keyFile));
}

/** Deletes files of a round that no row names: all of them, if there is no such round or it is erased. */
export async function sweep(secretariat: Secretariat, name: string): Promise<void> {
  const { store, log } = secretariat;
  const folder = folderOf(secretariat, name);
  const round = await findRound(store, name);
  if (round === null || round.state === "erased") {
    await rm(join(folder), { recursive: true, force: true });
    return;
  }
  const named = new Set([...(await listChunkFiles(store, name)), ...(await listResultFiles(store, name))]);
  const orphans = (await readdir(folder)).filter((file) => !named.has(file));
  await deleteFiles(folder, orphans);
  if (orphans.length > 0) log.warn({ round: name, files: orphans.length }, "files that nothing names were deleted");
}
