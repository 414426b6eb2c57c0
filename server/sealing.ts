/**
 * From submitting to matching: closing, T2 and its co-signatures, and who drops out on the way.
 */
import { LinkageError } from "#engine/errors.ts";
import type { Seal, Withdrawal } from "#engine/round/acts.ts";
import type { Ending } from "#engine/round/messages.ts";
import { partyOf } from "#engine/round/roster.ts";
import { requireState } from "#engine/round/states.ts";
import { checkStatement } from "#engine/round/statement.ts";
import { transcriptT2, type SealedBatch } from "#engine/round/transcript.ts";
import type { Caller } from "./caller.ts";
import { deleteFiles } from "./encrypted-file.ts";
import { endAttempt, eraseRound } from "./erasure.ts";
import { isPast, isSideOf, recordAct, requireBefore, requireRound, type Round } from "./rounds.ts";
import { folderOf, type Secretariat } from "./secretariat.ts";
import { insertSeal, insertWithdrawal, listSeals, listWithdrawn } from "./store/acts.ts";
import { listPairings, updatePairing, type PairingRow } from "./store/pairings.ts";
import { moveRound, setSealed } from "./store/rounds.ts";
import type { Store } from "./store/tables.ts";
import { deleteChunks, deleteUpload, listChunks, listUploads } from "./store/uploads.ts";

/**
 * Ends submission and makes T2.
 *
 * @param atDeadline - Leaves out pairings that lack a batch, instead of refusing.
 * @throws {@link LinkageError} `round-unknown`, `round-state`; `batch-missing` naming the batches that are not in.
 */
export async function closeRound(
  secretariat: Secretariat,
  id: string,
  caller: Caller,
  atDeadline = false,
): Promise<void> {
  const { store } = secretariat;
  const files = await store.transaction().execute(async (transaction) => {
    const { state, t1 } = await requireRound(transaction, id, caller);
    requireState(state, ["submitting"]);
    if (t1 === null) throw new RangeError("a round in submission has no T1");
    const complete = await listSubmitted(transaction, id);
    const isIn = ({ lower, higher }: PairingRow): boolean =>
      [`${lower}-${higher}`, `${higher}-${lower}`].every((direction) => complete.has(direction));
    const admitted = (await listPairings(transaction, id)).filter((pairing) => pairing.state === "admitted");
    const lacking = admitted.filter((pairing) => !isIn(pairing));
    if (lacking.length > 0 && !atDeadline) throw new LinkageError("batch-missing", missingText(lacking, complete));
    const dropped: string[] = [];
    for (const pairing of lacking) dropped.push(...(await leaveOut(transaction, pairing)));
    const t2 = transcriptT2(t1, batchesOf(admitted.filter(isIn), complete));
    await setSealed(transaction, id, t2);
    await moveRound(transaction, id, "submitting", "sealed");
    await recordAct(transaction, secretariat, id, atDeadline ? null : caller, "sealed", t2);
    return dropped;
  });
  await deleteFiles(folderOf(secretariat, id), files);
}

/** @returns The batches that T2 names, in order; empty before the round is sealed. */
export async function sealedBatches(store: Store, { id, t2 }: Round): Promise<SealedBatch[]> {
  if (t2 === null) return [];
  const complete = await listSubmitted(store, id);
  const directions = [...complete.keys()];
  // What withdrew after sealing keeps its digest; only its bytes are gone.
  return directions.flatMap((direction) => {
    const [from, to] = direction.split("-") as [string, string];
    return complete.has(`${to}-${from}`) ? [{ digest: complete.get(direction) ?? "", from, to }] : [];
  });
}

/**
 * Takes a party's co-signature of T2.
 *
 * @throws {@link LinkageError} `round-unknown`, `round-state`, `round-deadline`, `statement-signature`;
 * `round-confirmation-failed` if it is for another T2.
 */
export async function postSeal(secretariat: Secretariat, caller: Caller, seal: Seal): Promise<void> {
  const { party, round: id, t2, signature } = seal;
  checkStatement(partyOf(secretariat.roster, party).signKey, "seal", seal);
  await secretariat.store.transaction().execute(async (store) => {
    const round = await requireRound(store, id, caller);
    if (round.t2 !== null && round.t2 !== t2)
      throw new LinkageError("round-confirmation-failed", "the seal is for another T2 than the round's");
    if ((await listSeals(store, id)).some((seal) => seal.party === party)) return;
    requireState(round.state, ["sealed"]);
    requireBefore(round, "seals", secretariat.clock);
    await insertSeal(store, { round: id, party, signature });
    await recordAct(store, secretariat, id, caller, "seal", t2);
  });
}

/**
 * Leaves out pairings that are not sealed by both, and moves the round to matching.
 *
 * @returns Files of the batches that are left out, to be deleted once the transaction holds.
 * @throws {@link LinkageError} `round-seal-missing` before the deadline of seals, or if no pairing is sealed by both.
 */
export async function beginMatching(store: Store, secretariat: Secretariat, round: Round): Promise<string[]> {
  const sealed = new Set((await listSeals(store, round.id)).map(({ party }) => party));
  const admitted = (await listPairings(store, round.id)).filter(({ state }) => state === "admitted");
  const unsealed = admitted.filter(({ lower, higher }) => !sealed.has(lower) || !sealed.has(higher));
  const missing = [...new Set(unsealed.flatMap(({ lower, higher }) => [lower, higher]))].filter(
    (party) => !sealed.has(party),
  );
  if (
    unsealed.length === admitted.length ||
    (unsealed.length > 0 && !isPast(round.descriptor, "seals", secretariat.clock))
  )
    throw new LinkageError("round-seal-missing", `T2 is not co-signed by ${missing.sort().join(", ")}`);
  const files: string[] = [];
  for (const pairing of unsealed) files.push(...(await leaveOut(store, pairing, true)));
  await moveRound(store, round.id, "sealed", "matching");
  return files;
}

/**
 * Takes a party out of a round that is not matched yet, with its bytes. Before submission the attempt ends with it.
 *
 * @throws {@link LinkageError} `round-unknown`, `round-state`, `statement-signature`.
 */
export async function withdraw(secretariat: Secretariat, caller: Caller, withdrawal: Withdrawal): Promise<void> {
  const { party, round: id, t0, signature } = withdrawal;
  const { store } = secretariat;
  const ending: Ending = { reason: "withdrawn", parties: [party], evidence: [], raised: null };
  checkStatement(partyOf(secretariat.roster, party).signKey, "withdrawal", withdrawal);
  const { files, isOver } = await store.transaction().execute(async (transaction) => {
    const round = await requireRound(transaction, id, caller);
    if (round.t0 !== t0) throw new LinkageError("statement-signature", "the withdrawal is for another T0");
    // Also once the attempt is over: the answer to the first may have been lost.
    if ((await listWithdrawn(transaction, id)).includes(party)) return { files: [], isOver: false };
    requireState(round.state, ["draft", "opened", "keyed", "submitting", "sealed"]);
    if (round.ending !== null) throw new LinkageError("round-state", "the attempt is aborted already");
    await insertWithdrawal(transaction, { round: id, party, signature });
    await recordAct(transaction, secretariat, id, caller, "withdrawal");
    const hasBatches = round.state === "submitting" || round.state === "sealed";
    const admitted = (await listPairings(transaction, id)).filter(({ state }) => state === "admitted");
    const own = admitted.filter((pairing) => isSideOf(pairing, party));
    const dropped: string[] = [];
    if (hasBatches)
      for (const pairing of own) dropped.push(...(await leaveOut(transaction, pairing, round.t2 !== null)));
    const endsAttempt = !hasBatches || own.length === admitted.length;
    // Not in a transaction of its own: cut off between the two, the attempt would go on with who has withdrawn.
    if (endsAttempt) await endAttempt(transaction, secretariat, id, caller, ending);
    return { files: dropped, isOver: endsAttempt };
  });
  await deleteFiles(folderOf(secretariat, id), files);
  if (isOver) await eraseRound(secretariat, id, caller, ending.reason);
}

/** @param keepsDigests - T2 names the batches: they stay listed, without their bytes. @returns Files that no row names any more. */
async function leaveOut(store: Store, { round, lower, higher }: PairingRow, keepsDigests = false): Promise<string[]> {
  const files: string[] = [];
  for (const [from, to] of [
    [lower, higher],
    [higher, lower],
  ] as const) {
    const direction = { round, from, to };
    files.push(...(await listChunks(store, direction)).map(({ file }) => file));
    await deleteChunks(store, direction);
    if (!keepsDigests) await deleteUpload(store, direction);
  }
  await updatePairing(store, round, [lower, higher], { state: "left-out" });
  return files;
}

/** @returns Digest of each complete batch by `from-to`, in order. */
async function listSubmitted(store: Store, id: string): Promise<Map<string, string>> {
  const uploads = await listUploads(store, id);
  return new Map(
    uploads.flatMap(({ sender, recipient, digest }) =>
      digest === null ? [] : [[`${sender}-${recipient}`, digest] as const],
    ),
  );
}

function batchesOf(pairings: readonly PairingRow[], digests: ReadonlyMap<string, string>): SealedBatch[] {
  return pairings.flatMap(({ lower, higher }) =>
    [
      { from: lower, to: higher },
      { from: higher, to: lower },
    ].map(({ from, to }) => ({ digest: digests.get(`${from}-${to}`) ?? "", from, to })),
  );
}

function missingText(pairings: readonly PairingRow[], complete: ReadonlyMap<string, string>): string {
  const missing = pairings
    .flatMap(({ lower, higher }) => [`${lower}-${higher}`, `${higher}-${lower}`])
    .filter((direction) => !complete.has(direction));
  return `not in: ${missing.join(", ")}`;
}
