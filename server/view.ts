/**
 * A round as its callers may see it.
 */
import type { PairingView, Progress, RoundView } from "#engine/round/messages.ts";
import { hasReached } from "#engine/round/states.ts";
import type { Caller } from "./caller.ts";
import { endingOf } from "./erasure.ts";
import { directionsOf, isSideOf, type Round } from "./rounds.ts";
import { sealedBatches } from "./sealing.ts";
import type { Secretariat } from "./secretariat.ts";
import { listApprovals, listSeals, listWithdrawn } from "./store/acts.ts";
import { listConfirmations, listRoundKeys } from "./store/keys.ts";
import { listAcknowledged, listAnswers } from "./store/packages.ts";
import { listPairings } from "./store/pairings.ts";
import type { Store } from "./store/tables.ts";
import { countChunks, listUploads, type UploadRow } from "./store/uploads.ts";

/** @returns The whole round for staff; for a party, confirmations, batches and pairings of its own only. */
export async function viewOf(secretariat: Secretariat, round: Round, caller: Caller): Promise<RoundView> {
  const { store } = secretariat;
  const isOwn = ({ from, to }: { from: string; to: string }): boolean =>
    caller.kind !== "party" || caller.id === from || caller.id === to;
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
    t2: round.t2,
    state: round.state,
    ending: endingOf(round),
    approvals: (await listApprovals(store, round.id)).map((approval) => ({
      ...approval,
      round: round.id,
      t0: round.t0,
      // A round is opened before it has a T2, and approved later only once it has one.
      t2: approval.act === "open" ? null : round.t2,
    })),
    keys: await listRoundKeys(store, round.id),
    confirmations: (await listConfirmations(store, round.id)).filter(isOwn),
    withdrawn: await listWithdrawn(store, round.id),
    batches: batches.filter(isOwn),
    sealed: await sealedBatches(store, round),
    seals: sealsOf(round, await listSeals(store, round.id)),
    pairings: await pairingViews(store, round, caller),
    progress: progressOf(secretariat, round, uploads),
    createdAt: round.created_at,
  };
}

async function pairingViews(store: Store, { id }: Round, caller: Caller): Promise<PairingView[]> {
  const acknowledged = await listAcknowledged(store, id);
  const answers = await listAnswers(store, id);
  return (await listPairings(store, id))
    .filter((pairing) => caller.kind !== "party" || isSideOf(pairing, caller.id))
    .map((pairing) => {
      const { lower, higher, state, high, medium, low } = pairing;
      const isCounted = caller.kind !== "party" && high !== null && medium !== null && low !== null;
      return {
        pairing: [lower, higher],
        state,
        acknowledged: acknowledged.filter((party) => isSideOf(pairing, party)),
        answered: answers
          .filter(({ sender, recipient }) => isSideOf(pairing, sender) && isSideOf(pairing, recipient))
          .map(({ sender }) => sender),
        hits: isCounted ? { high, medium, low } : null,
      };
    });
}

function sealsOf({ id, t2 }: Round, seals: Awaited<ReturnType<typeof listSeals>>): RoundView["seals"] {
  return t2 === null ? [] : seals.map((seal) => ({ ...seal, round: id, t2 }));
}

/** @param uploads - Those of the round. */
export function progressOf(secretariat: Secretariat, round: Round, uploads: readonly UploadRow[]): Progress {
  const running = secretariat.matchings.get(round.id)?.progress;
  if (running !== undefined && round.state === "matching") return running;
  const bytesTotal = uploads.reduce((sum, upload) => sum + (upload.byte_length ?? 0), 0);
  const pairingsTotal = round.descriptor.pairings.length;
  // An aborted attempt is erased too, whether it was matched or not.
  const isMatched = hasReached(round.state, "reviewed") && (round.ending === null || round.matched_at !== null);
  return isMatched
    ? { stage: "done", bytesDone: bytesTotal, bytesTotal, pairingsDone: pairingsTotal, pairingsTotal }
    : { stage: "idle", bytesDone: 0, bytesTotal, pairingsDone: 0, pairingsTotal };
}

/** @returns What a caller sees of an upload; one that is being checked is not complete yet. */
export function batchState(upload: UploadRow | null | undefined): "absent" | "partial" | "complete" {
  if (upload === null || upload === undefined) return "absent";
  return upload.state === "complete" ? "complete" : "partial";
}
