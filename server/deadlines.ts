/**
 * What deadlines do to rounds: worked off at start-up and every so often, one round after another.
 */
import { setTimeout as wait } from "node:timers/promises";
import { counterpartsOf } from "#engine/round/descriptor.ts";
import { missingRoundKeys } from "#engine/round/keys.ts";
import { SERVER } from "./caller.ts";
import { abortRound, endingOf, eraseRound } from "./erasure.ts";
import { followUp } from "./follow-up.ts";
import { faultOf } from "./log.ts";
import { isPast, recordAct, requireRound, type Round } from "./rounds.ts";
import { closeRound } from "./sealing.ts";
import { eraseEarly, isErasureApproved } from "./opening.ts";
import type { Secretariat } from "./secretariat.ts";
import { eraseEntries } from "./store/audit.ts";
import { listConfirmations, listRoundKeys } from "./store/keys.ts";
import { emptyLog } from "./store/open.ts";
import { closePairings, listPairings } from "./store/pairings.ts";
import { listLiveRounds } from "./store/rounds.ts";
import { listUploads } from "./store/uploads.ts";
import { forgetWrites } from "./store/writes.ts";

/** Works off deadlines every `everyMs` until the signal aborts. */
export async function watchDeadlines(secretariat: Secretariat, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await wait(everyMs, undefined, { signal, ref: false });
    } catch {
      return;
    }
    // Also without space for any of it the server goes on.
    await workOffDeadlines(secretariat).catch((error: unknown) => {
      secretariat.log.error({ fault: faultOf(error) }, "deadlines cannot be worked off; tried again soon");
    });
  }
}

/** How long the audit log's entries are kept; their commitments stay. */
const ENTRIES_KEPT_YEARS = 3;
/** How long a write is known by its idempotency key. */
const WRITES_KEPT_MS = 86_400_000;

/** One round that fails is logged and does not hold up the others. */
export async function workOffDeadlines(secretariat: Secretariat): Promise<void> {
  const { store, log, clock } = secretariat;
  for (const id of await listLiveRounds(store)) {
    try {
      await workOff(secretariat, await requireRound(store, id, SERVER));
    } catch (error) {
      log.error({ round: id, fault: faultOf(error) }, "a deadline cannot be worked off; tried again soon");
    }
  }
  await forgetWrites(store, new Date(clock().getTime() - WRITES_KEPT_MS).toISOString());
  const before = clock();
  before.setUTCFullYear(before.getUTCFullYear() - ENTRIES_KEPT_YEARS);
  // What was overwritten is still in the write-ahead log.
  if ((await eraseEntries(store, before.toISOString())) > 0) await emptyLog(store);
}

async function workOff(secretariat: Secretariat, round: Round): Promise<void> {
  const { clock } = secretariat;
  const { descriptor, id, state } = round;
  const ending = endingOf(round);
  if (ending !== null) {
    // Aborted, and the server ended before it was erased.
    await eraseRound(secretariat, id, SERVER, ending.reason);
    return;
  }
  if (state === "draft" || state === "opened" || state === "keyed") {
    if (isPast(descriptor, "keys", clock)) await expire(secretariat, round, await lateWithKeys(secretariat, round));
  } else if (state === "submitting") {
    if (isPast(descriptor, "submission", clock)) await closeLate(secretariat, round);
  } else if (state === "sealed" || state === "reviewed") {
    if (isPast(descriptor, "release", clock)) await expire(secretariat, round, []);
  } else if ((state === "released" || state === "followed-up") && (await isErasureApproved(secretariat.store, id))) {
    // Approved, and the server ended before it was erased.
    await eraseEarly(secretariat, round, SERVER);
  } else if (state === "released") {
    if (isPast(descriptor, "acknowledgements", clock)) await closeUnopened(secretariat, id);
    if (isPast(descriptor, "followUp", clock)) {
      await followUp(secretariat, round);
      await eraseRound(secretariat, id, SERVER, "followed-up");
    }
  } else if (state === "followed-up") await eraseRound(secretariat, id, SERVER, "followed-up");
  // A round that is being matched goes on to its end, and then is reviewed or sealed.
}

async function expire(secretariat: Secretariat, { id }: Round, parties: readonly string[]): Promise<void> {
  await abortRound(secretariat, id, SERVER, { reason: "expired", parties: [...parties], evidence: [], raised: null });
}

/** @returns Parties whose key is missing or, when all keys are in, a confirmation. */
async function lateWithKeys({ store }: Secretariat, { id, state, descriptor }: Round): Promise<string[]> {
  if (state === "draft") return [];
  const missing = missingRoundKeys(descriptor, await listRoundKeys(store, id));
  if (missing.length > 0) return missing;
  const confirmed = new Set((await listConfirmations(store, id)).map(({ from, to }) => `${from}-${to}`));
  return descriptor.parties
    .map((party) => party.id)
    .filter((party) => counterpartsOf(descriptor, party).some((other) => !confirmed.has(`${party}-${other}`)));
}

/** Seals the pairings whose two batches are in; ends the attempt if there is none. */
async function closeLate(secretariat: Secretariat, round: Round): Promise<void> {
  const { store } = secretariat;
  const complete = new Set(
    (await listUploads(store, round.id))
      .filter(({ state }) => state === "complete")
      .map(({ sender, recipient }) => `${sender}-${recipient}`),
  );
  const admitted = (await listPairings(store, round.id)).filter(({ state }) => state === "admitted");
  const late = admitted.flatMap(({ lower, higher }) => [
    ...(complete.has(`${lower}-${higher}`) ? [] : [lower]),
    ...(complete.has(`${higher}-${lower}`) ? [] : [higher]),
  ]);
  const isWhole = ({ lower, higher }: { lower: string; higher: string }): boolean =>
    complete.has(`${lower}-${higher}`) && complete.has(`${higher}-${lower}`);
  if (admitted.some(isWhole)) await closeRound(secretariat, round.id, SERVER, true);
  else await expire(secretariat, round, [...new Set(late)].sort());
}

/** Pairings that were not acknowledged by both in time are opened to neither. */
async function closeUnopened(secretariat: Secretariat, id: string): Promise<void> {
  const isClosed = await secretariat.store.transaction().execute(async (store) => {
    const unopened = (await listPairings(store, id)).filter(({ state }) => state === "matched");
    if (unopened.length === 0) return false;
    await closePairings(store, id, ["matched"], "closed");
    const names = unopened.map(({ lower, higher }) => `${lower}-${higher}`).join(" ");
    await recordAct(store, secretariat, id, null, "pairings-closed", names);
    return true;
  });
  if (isClosed) await emptyLog(secretariat.store);
}
