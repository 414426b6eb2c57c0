/**
 * A round as its callers may see it.
 */
import type { Progress, RoundView } from "#engine/round/messages.ts";
import { hasReached } from "#engine/round/states.ts";
import type { Caller } from "./caller.ts";
import { directionsOf, type Round } from "./rounds.ts";
import type { Secretariat } from "./secretariat.ts";
import { listConfirmations, listRoundKeys } from "./store/keys.ts";
import { countChunks, listUploads, type UploadRow } from "./store/uploads.ts";

/** @returns The whole round for an operator; for a party, confirmations and batches of its own pairings only. */
export async function viewOf(secretariat: Secretariat, round: Round, caller: Caller): Promise<RoundView> {
  const { store } = secretariat;
  const isOwn = ({ from, to }: { from: string; to: string }): boolean =>
    caller.kind === "operator" || caller.id === from || caller.id === to;
  const uploads = await listUploads(store, round.id);
  const counts = await countChunks(store, round.id);
  const batches = directionsOf(round.descriptor).map(([from, to]) => {
    const upload = uploads.find(({ sender, recipient }) => sender === from && recipient === to);
    const stored = counts.find(({ sender, recipient }) => sender === from && recipient === to);
    return { from, to, state: batchState(upload), chunksStored: stored?.count ?? 0, digest: upload?.digest ?? null };
  });
  return {
    descriptor: round.descriptor,
    t0: round.t0,
    t1: round.t1,
    state: round.state,
    keys: await listRoundKeys(store, round.id),
    confirmations: (await listConfirmations(store, round.id)).filter(isOwn),
    batches: batches.filter(isOwn),
    progress: progressOf(secretariat, round, uploads),
    createdAt: round.created_at,
  };
}

/** @param uploads - Those of the round. */
export function progressOf(secretariat: Secretariat, round: Round, uploads: readonly UploadRow[]): Progress {
  const running = secretariat.matchings.get(round.id)?.progress;
  if (running !== undefined && round.state === "matching") return running;
  const bytesTotal = uploads.reduce((sum, upload) => sum + (upload.byte_length ?? 0), 0);
  const pairingsTotal = round.descriptor.pairings.length;
  // An abandoned round is erased too, without T2 ever having been reached.
  return hasReached(round.state, "released")
    ? { stage: "done", bytesDone: bytesTotal, bytesTotal, pairingsDone: pairingsTotal, pairingsTotal }
    : { stage: "idle", bytesDone: 0, bytesTotal, pairingsDone: 0, pairingsTotal };
}

/** @returns What a caller sees of an upload; one that is being checked is not complete yet. */
export function batchState(upload: UploadRow | null | undefined): "absent" | "partial" | "complete" {
  if (upload === null || upload === undefined) return "absent";
  return upload.state === "complete" ? "complete" : "partial";
}
