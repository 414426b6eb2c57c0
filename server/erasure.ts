/**
 * The end of a round: its data key destroyed, its files and rows deleted, and a certificate that says so.
 * The key goes first, then the files: cut off after that, the round is unreadable and can be erased again.
 */
import { rm } from "node:fs/promises";
import { LinkageError } from "#engine/errors.ts";
import { ErasureCertificate } from "#engine/round/acts.ts";
import { Ending } from "#engine/round/messages.ts";
import { requireState } from "#engine/round/states.ts";
import { signStatement } from "#engine/round/statement.ts";
import { SERVER, type Caller } from "./caller.ts";
import { destroyKeyFiles, keyFileDigest, keyFileName, listKeyFilesOf } from "./data-key-file.ts";
import { syncFolder } from "./encrypted-file.ts";
import { ABORTABLE, recordAct, requireRound, type Round } from "./rounds.ts";
import { folderOf, type Secretariat } from "./secretariat.ts";
import { deleteAnnouncements } from "./store/announcements.ts";
import { emptyLog } from "./store/open.ts";
import { deleteResults } from "./store/packages.ts";
import { closePairings, stripPairings } from "./store/pairings.ts";
import { setEnding, setErased } from "./store/rounds.ts";
import type { Store } from "./store/tables.ts";
import { deleteRoundChunks } from "./store/uploads.ts";

/**
 * Ends an attempt of which nothing was released; it is erased at once.
 *
 * @throws {@link LinkageError} `round-unknown`; `round-state` once it is released, while it is matched, or if it is aborted already.
 */
export async function abortRound(secretariat: Secretariat, id: string, caller: Caller, ending: Ending): Promise<void> {
  await secretariat.store.transaction().execute(async (store) => {
    const round = await requireRound(store, id, caller);
    requireState(
      round.state,
      ABORTABLE.filter((state) => state !== "matching"),
    );
    if (round.ending !== null) throw new LinkageError("round-state", "the attempt is aborted already");
    await endAttempt(store, secretariat, id, caller, ending);
  });
  await eraseRound(secretariat, id, caller, ending.reason);
}

/** Says that an attempt is over, in the transaction that ends it; {@link eraseRound} comes next, at the latest at start-up. */
export async function endAttempt(
  store: Store,
  secretariat: Secretariat,
  id: string,
  caller: Caller,
  ending: Ending,
): Promise<void> {
  await setEnding(store, id, JSON.stringify(ending));
  await closePairings(store, id, ["admitted", "matched", "held"], "closed");
  await recordAct(store, secretariat, id, actorOf(caller), `aborted-${ending.reason}`, ending.parties.join(" "));
}

/**
 * Destroys the round's data key and every file of the round. What stays: descriptor, keys, confirmations, batch digests,
 * hit counts, the log of acts, and the certificate.
 *
 * Nothing is done once it is erased: a deadline and an operator may both come to it.
 *
 * @throws {@link LinkageError} `round-unknown`; `round-state` while it is matched.
 */
export async function eraseRound(
  secretariat: Secretariat,
  id: string,
  caller: Caller,
  outcome: ErasureCertificate["outcome"],
): Promise<void> {
  const isErased = await secretariat.store.transaction().execute(async (store) => {
    const round = await requireRound(store, id, caller);
    if (round.state === "erased") return false;
    requireState(round.state, [...ABORTABLE.filter((state) => state !== "matching"), "released", "followed-up"]);
    if (round.key_id === null) throw new RangeError("a round that is not erased has no data key");
    const keyFile = keyFileName(id, round.key_id);
    await destroyKeyFiles(secretariat.keyFolder, await listKeyFilesOf(secretariat.keyFolder, id));
    // Also before the certificate: it says that they are gone.
    await rm(folderOf(secretariat, id), { recursive: true, force: true, maxRetries: 3 });
    syncFolder(secretariat.roundsFolder);
    await deleteRoundChunks(store, id);
    await deleteResults(store, id);
    await deleteAnnouncements(store, id);
    await stripPairings(store, id);
    await setErased(store, id, JSON.stringify(certificateOf(secretariat, round, keyFile, outcome)));
    await recordAct(store, secretariat, id, actorOf(caller), "erased");
    return true;
  });
  // What was overwritten in the database must not live on in its write-ahead log.
  await emptyLog(secretariat.store);
  if (isErased) secretariat.log.info({ round: id, state: "erased" }, "round erased");
}

/** @returns The certificate of an erased round. @throws {@link LinkageError} `round-state` before it is erased. */
export function certificateIn({ certificate, state }: Round): ErasureCertificate {
  if (certificate === null) throw new LinkageError("round-state", `the round is ${state}, not erased`);
  return readCertificate(certificate);
}

/** @param text - As it is stored. */
export function readCertificate(text: string): ErasureCertificate {
  return ErasureCertificate.parse(JSON.parse(text));
}

/** @returns Why an attempt was aborted; null if it was not. */
export function endingOf({ ending }: Pick<Round, "ending">): Ending | null {
  return ending === null ? null : Ending.parse(JSON.parse(ending));
}

/** @returns Null for the server itself. */
function actorOf(caller: Caller): Caller | null {
  return caller === SERVER ? null : caller;
}

function certificateOf(
  { clock, signing }: Secretariat,
  { id, t0, t1, t2 }: Round,
  keyFile: string,
  outcome: ErasureCertificate["outcome"],
): ErasureCertificate {
  return signStatement(signing, "erasure", {
    erasedAt: clock()
      .toISOString()
      .replace(/\.\d+Z$/, "Z"),
    format: "aquila/erasure/v1",
    keyFile: keyFileDigest(keyFile),
    outcome,
    round: id,
    t0,
    t1,
    t2,
  } as const);
}
