/**
 * Matching a sealed round: every admitted pairing joined and scored, one sealed package for each party, then release.
 * Nothing is written before all is known, so a crash or a failure leaves the round sealed, as it was.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { expectedLayout } from "#engine/batch/check.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Progress } from "#engine/round/messages.ts";
import type { Hit } from "#engine/round/package.ts";
import { partyOf } from "#engine/round/roster.ts";
import { requireState } from "#engine/round/states.ts";
import type { Caller } from "./caller.ts";
import { deleteFiles, freshFileName, packageContext, writeEncrypted } from "./encrypted-file.ts";
import { hitCap } from "./hit-cap.ts";
import { faultOf, powerOfTwoAbove } from "./log.ts";
import { inLanes } from "./lanes.ts";
import { matchPairing, PAIRING_LANES, type MatchedPairing } from "./pairing.ts";
import { sweep } from "./recovery.ts";
import { dataKeyOf, requireRound, type Round } from "./rounds.ts";
import { folderOf, type Secretariat } from "./secretariat.ts";
import { insertPackage } from "./store/packages.ts";
import { moveRound } from "./store/rounds.ts";
import { deleteRoundChunks, findUpload, listChunkFiles, listChunks } from "./store/uploads.ts";
import { expectedBatch, storedBatch } from "./uploads.ts";
import type { CompleteBatch, FoundPair } from "./workers/tasks.ts";

const HIT_ID_BYTES = 16;
/** Smallest number of candidate pairs that the log tells from fewer. */
const FEWEST_TOLD = 16;

/** The two stored batches of one pairing; `a` is the lower id's. */
type StoredPairing = { readonly a: CompleteBatch; readonly b: CompleteBatch };

/** A matching under way. */
type Run = {
  readonly secretariat: Secretariat;
  readonly round: Round;
  readonly signal: AbortSignal;
  readonly hits: ReadonlyMap<string, Hit[]>;
};

/**
 * Starts matching and returns; the job goes on and ends with the round released, or sealed again if it failed.
 *
 * @throws {@link LinkageError} `round-unknown`; `round-state` also if the round's data key cannot be read.
 */
export async function startMatching(secretariat: Secretariat, id: string, caller: Caller): Promise<void> {
  const round = await secretariat.store.transaction().execute(async (store) => {
    const found = await requireRound(store, id, caller);
    requireState(found.state, ["sealed"]);
    await dataKeyOf(secretariat, found);
    await moveRound(store, id, "sealed", "matching");
    return found;
  });
  const stop = new AbortController();
  const ended = runMatching(secretariat, round, stop.signal).finally(() => secretariat.jobs.delete(ended));
  const progress: Progress = { stage: "reading", bytesDone: 0, bytesTotal: 0, pairingsDone: 0, pairingsTotal: 0 };
  secretariat.matchings.set(id, { progress, stop, ended });
  secretariat.jobs.add(ended);
}

/**
 * Stops a matching and returns once the round is sealed again; nothing of it is kept.
 *
 * @throws {@link LinkageError} `round-unknown`; `round-state` if the round is not being matched, or only just begins to be.
 */
export async function cancelMatching(secretariat: Secretariat, id: string, caller: Caller): Promise<void> {
  const { state } = await requireRound(secretariat.store, id, caller);
  requireState(state, ["matching"]);
  const matching = secretariat.matchings.get(id);
  if (matching === undefined) throw new LinkageError("round-state", "matching is only just beginning; try again");
  matching.stop.abort();
  await matching.ended;
}

/** The job's boundary: nothing is thrown from here. */
async function runMatching(secretariat: Secretariat, round: Round, signal: AbortSignal): Promise<void> {
  const { log, matchings, store } = secretariat;
  let dropped: readonly string[];
  try {
    // The caller tells of the matching first.
    await wait(0);
    dropped = await matchRound(secretariat, round, signal);
  } catch (error) {
    // A worker that was ended may have left evidence on disk; nothing else writes to a round that is being matched.
    await sweep(secretariat, round.id).catch((failure: unknown) => {
      log.error({ round: round.id, fault: faultOf(failure) }, "files that nothing names cannot be deleted");
    });
    const isSealed = await moveRound(store, round.id, "matching", "sealed");
    const outcome = isSealed ? "the round is sealed again" : "the round has moved on";
    if (signal.aborted) log.info({ round: round.id, state: "sealed" }, `matching cancelled; ${outcome}`);
    else {
      const code = error instanceof LinkageError ? error.code : "internal";
      log.error({ round: round.id, code, fault: faultOf(error) }, `matching failed; ${outcome}`);
    }
    return;
  } finally {
    matchings.delete(round.id);
  }
  log.info({ round: round.id, state: "released" }, "round released");
  try {
    await deleteFiles(folderOf(secretariat, round.id), dropped);
  } catch (error) {
    log.error(
      { round: round.id, state: "released", files: dropped.length, fault: faultOf(error) },
      "files of a released round's batches cannot be deleted; the next start tries again",
    );
  }
}

/** @returns Files of the batches, which no row names any more. */
async function matchRound(secretariat: Secretariat, round: Round, signal: AbortSignal): Promise<readonly string[]> {
  const pairings = await storedPairings(secretariat, round);
  const hits = new Map<string, Hit[]>(round.descriptor.parties.map(({ id }) => [id, []]));
  const run: Run = { secretariat, round, signal, hits };
  advance(run, () => ({
    bytesTotal: pairings.reduce((sum, { a, b }) => sum + a.byteLength + b.byteLength, 0),
    pairingsTotal: pairings.length,
  }));
  await inLanes(pairings, PAIRING_LANES, (pairing) => matchStored(run, pairing));
  advance(run, () => ({ stage: "sealing" }));
  return releasePackages(run);
}

async function matchStored(run: Run, { a, b }: StoredPairing): Promise<void> {
  const { secretariat, round, signal } = run;
  const { pool, metrics, profile, log, maxHits } = secretariat;
  const cap = hitCap(maxHits, round.descriptor, [a.from, b.from]);
  const matched = await matchPairing(pool, profile, {
    a,
    b,
    folder: folderOf(secretariat, round.id),
    lowestBand: round.descriptor.lowestBand,
    cap,
    signal,
    onJoined: ({ keys, seconds, bytes }) => {
      metrics.keysJoined.inc(keys);
      metrics.tileSeconds.observe(seconds);
      advance(run, ({ bytesDone }) => ({ stage: "joining", bytesDone: bytesDone + bytes }));
    },
  });
  for (const found of matched.found) addHit(run, a.from, b.from, found);
  logPairing(log, round.id, `${a.from}-${b.from}`, matched);
  // Headers, handles and classes: what is no column.
  const columns = [a, b].flatMap(({ expected }) => expectedLayout(profile, expected).columns);
  const bytes = a.byteLength + b.byteLength - 12 * columns.reduce((sum, { cells }) => sum + cells, 0);
  advance(run, ({ bytesDone, pairingsDone }) => ({
    stage: "scoring",
    bytesDone: bytesDone + bytes,
    pairingsDone: pairingsDone + 1,
  }));
}

function logPairing(log: Secretariat["log"], round: string, pairing: string, matched: MatchedPairing): void {
  if (matched.isCapped) log.warn({ round, pairing }, "pairing capped: its hits of lowest weight are left out");
  log.info(
    {
      round,
      pairing,
      candidatePairsAtMost: powerOfTwoAbove(Math.max(matched.candidatePairs, FEWEST_TOLD)),
      matchesPerRowAtMost: powerOfTwoAbove(matched.matchesPerRow),
    },
    "pairing matched",
  );
}

/**
 * Writes a package for every party, then releases the round and drops its batches in one transaction.
 *
 * @returns Files of the batches.
 */
async function releasePackages({ secretariat, round, hits, signal }: Run): Promise<readonly string[]> {
  const { store, roster, pool } = secretariat;
  const { id, t1 } = round;
  if (t1 === null) throw new RangeError("a sealed round has no T1");
  const folder = folderOf(secretariat, id);
  const dataKey = await dataKeyOf(secretariat, round);
  const files = new Map<string, string>();
  try {
    await inLanes([...hits], pool.workers, async ([party, own]) => {
      const { boxKey } = partyOf(roster, party);
      const answer = await pool.sealPackage({ content: { round: id, t1, party, hits: own }, boxKey });
      if (answer.refusal !== null) throw new LinkageError(answer.refusal.code, answer.refusal.detail);
      const file = freshFileName();
      files.set(party, file);
      await writeEncrypted(folder, file, dataKey, packageContext(id, party), answer.sealed);
    });
    signal.throwIfAborted();
    return await store.transaction().execute(async (transaction) => {
      for (const [party, file] of files) await insertPackage(transaction, id, party, file);
      const chunks = await listChunkFiles(transaction, id);
      await deleteRoundChunks(transaction, id);
      if (!(await moveRound(transaction, id, "matching", "released")))
        throw new RangeError("a round left matching while it was matched");
      return chunks;
    });
  } catch (error) {
    await deleteFiles(folder, [...files.values()]);
    throw error;
  }
}

async function storedPairings(secretariat: Secretariat, round: Round): Promise<StoredPairing[]> {
  const { store } = secretariat;
  const dataKey = await dataKeyOf(secretariat, round);
  const folder = folderOf(secretariat, round.id);
  const stored = async (from: string, to: string): Promise<CompleteBatch> => {
    const direction = { round: round.id, from, to };
    if ((await findUpload(store, direction))?.state !== "complete")
      throw new RangeError("a sealed round lacks a batch");
    const batch = storedBatch(folder, dataKey, direction, await listChunks(store, direction));
    return { ...batch, expected: await expectedBatch(secretariat, round, direction) };
  };
  const pairings: StoredPairing[] = [];
  for (const [lower, higher] of round.descriptor.pairings)
    pairings.push({ a: await stored(lower, higher), b: await stored(higher, lower) });
  return pairings;
}

/** Gives both owners the hit under one fresh id. */
function addHit({ hits }: Run, partyA: string, partyB: string, found: FoundPair): void {
  const { band, pattern } = found;
  const hit = randomBytes(HIT_ID_BYTES).toString("base64url");
  hits.get(partyA)?.push({ band, counterpart: partyB, handle: found.handleA, hit, pattern });
  hits.get(partyB)?.push({ band, counterpart: partyA, handle: found.handleB, hit, pattern });
}

function advance({ secretariat, round }: Run, change: (progress: Progress) => Partial<Progress>): void {
  const matching = secretariat.matchings.get(round.id);
  if (matching !== undefined) matching.progress = { ...matching.progress, ...change(matching.progress) };
}
