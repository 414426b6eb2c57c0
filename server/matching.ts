/**
 * Matching a sealed round: every admitted pairing joined and scored, one sealed package for each party, then review.
 * Nothing is written before all is known, so a crash or a failure leaves the round sealed, as it was.
 */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { expectedLayout } from "#engine/batch/check.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Progress } from "#engine/round/messages.ts";
import { cellsText, PACKAGE_KEY_BYTES, type Hit, type PackageContent } from "#engine/round/package.ts";
import { counterpartsOf, type ReleasedBand, type RoundDescriptor } from "#engine/round/descriptor.ts";
import { partyOf } from "#engine/round/roster.ts";
import { requireState } from "#engine/round/states.ts";
import { distinctHits } from "#engine/statistics/histogram.ts";
import type { Caller } from "./caller.ts";
import { requireSpace } from "./disk-space.ts";
import { deleteFiles, freshFileName, packageContext, writeEncrypted } from "./encrypted-file.ts";
import { hitCap } from "./hit-cap.ts";
import { writeHits } from "./follow-up.ts";
import { faultOf, powerOfTwoAbove } from "./log.ts";
import { inLanes } from "./lanes.ts";
import { matchPairing, PAIRING_LANES, type MatchedPairing } from "./pairing.ts";
import { sweep } from "./recovery.ts";
import { wrapPackageKey } from "./release.ts";
import { holdUnusual } from "./review.ts";
import { rosterOf } from "./round-roster.ts";
import { dataKeyOf, pairingOf, recordAct, requireBefore, requireRound, type Round } from "./rounds.ts";
import { beginMatching } from "./sealing.ts";
import { folderOf, type Secretariat } from "./secretariat.ts";
import { oncePossible } from "./storage-failure.ts";
import { insertPackage } from "./store/packages.ts";
import { listPairings, updatePairing } from "./store/pairings.ts";
import { moveRound, setMatched } from "./store/rounds.ts";
import { deleteRoundChunks, findUpload, listChunkFiles, listChunks } from "./store/uploads.ts";
import { expectedBatch, storedBatch } from "./uploads.ts";
import type { CompleteBatch, FoundPair } from "./workers/tasks.ts";

const HIT_ID_BYTES = 16;
/** Smallest number of candidate pairs that the log tells from fewer. */
const FEWEST_TOLD = 16;

/** The two stored batches of one pairing; `a` is the lower id's. */
type StoredPairing = { readonly a: CompleteBatch; readonly b: CompleteBatch };

/** Hits of one pairing, each as its lower and as its higher party gets it. */
type PairingHits = readonly (readonly [lower: Hit, higher: Hit])[];

/** A matching under way. */
type Run = {
  readonly secretariat: Secretariat;
  readonly round: Round;
  readonly signal: AbortSignal;
  /** By pairing, `lower-higher`. */
  readonly hits: Map<string, PairingHits>;
};

/**
 * Starts matching and returns; the job goes on and ends with the round reviewed, or sealed again if it failed.
 *
 * @throws {@link LinkageError} `round-unknown`, `round-seal-missing`; `round-state` also if the round's data key cannot be read;
 * `storage-failed` unless the disk has the reserve free for packages and for evidence that memory does not hold.
 */
export async function startMatching(secretariat: Secretariat, id: string, caller: Caller): Promise<void> {
  const { round, files } = await secretariat.store.transaction().execute(async (store) => {
    const found = await requireRound(store, id, caller);
    requireState(found.state, ["sealed"]);
    // Between its abortion and its erasure a round is still sealed.
    if (found.ending !== null) throw new LinkageError("round-state", "the attempt is aborted");
    requireBefore(found, "release", secretariat.clock);
    await requireSpace(secretariat.roundsFolder);
    await dataKeyOf(secretariat, found);
    const leftOut = await beginMatching(store, secretariat, found);
    await recordAct(store, secretariat, id, caller, "matching");
    return { round: found, files: leftOut };
  });
  // From here on nothing may fail before the job runs: the round is in matching, and only the job takes it out.
  const stop = new AbortController();
  const ended = runMatching(secretariat, round, files, stop.signal).finally(() => secretariat.jobs.delete(ended));
  const progress: Progress = { stage: "reading", bytesDone: 0, bytesTotal: 0, pairingsDone: 0, pairingsTotal: 0 };
  secretariat.matchings.set(id, { progress, stop, ended });
  secretariat.benches.stop();
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

/**
 * The job's boundary: nothing is thrown from here.
 *
 * @param leftOut - Files of batches that are not matched.
 */
async function runMatching(
  secretariat: Secretariat,
  round: Round,
  leftOut: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { log, matchings, store } = secretariat;
  let dropped: readonly string[];
  try {
    // The caller tells of the matching first.
    await wait(0);
    await deleteBatches(secretariat, round, leftOut);
    dropped = await matchRound(secretariat, round, signal);
  } catch (error) {
    // A worker that was ended may have left evidence on disk; nothing else writes to a round that is being matched.
    await sweep(secretariat, round.id).catch((failure: unknown) => {
      log.error({ round: round.id, fault: faultOf(failure) }, "files that nothing names cannot be deleted");
    });
    const sealAgain = (): Promise<boolean> => moveRound(store, round.id, "matching", "sealed");
    const isSealed = await oncePossible(sealAgain, secretariat.stopping).catch((failure: unknown) => {
      log.error(
        { round: round.id, fault: faultOf(failure) },
        "the round cannot be sealed again; the next start does it",
      );
      return false;
    });
    const outcome = isSealed ? "the round is sealed again" : "the round is not sealed again";
    if (signal.aborted) log.info({ round: round.id, state: "sealed" }, `matching cancelled; ${outcome}`);
    else {
      const code = error instanceof LinkageError ? error.code : "internal";
      log.error({ round: round.id, code, fault: faultOf(error) }, `matching failed; ${outcome}`);
    }
    return;
  } finally {
    matchings.delete(round.id);
  }
  log.info({ round: round.id, state: "reviewed" }, "round matched");
  await deleteBatches(secretariat, round, dropped);
}

/** No row names the files any more, so that what stays is swept at the next start. */
async function deleteBatches(
  secretariat: Secretariat,
  { id }: Pick<Round, "id">,
  files: readonly string[],
): Promise<void> {
  try {
    await deleteFiles(folderOf(secretariat, id), files);
  } catch (error) {
    secretariat.log.error(
      { round: id, files: files.length, fault: faultOf(error) },
      "files of a round's batches cannot be deleted; the next start tries again",
    );
  }
}

/** @returns Files of the batches, which no row names any more. */
async function matchRound(secretariat: Secretariat, round: Round, signal: AbortSignal): Promise<readonly string[]> {
  const pairings = await storedPairings(secretariat, round);
  const hits = new Map<string, PairingHits>();
  const run: Run = { secretariat, round, signal, hits };
  advance(run, () => ({
    bytesTotal: pairings.reduce((sum, { a, b }) => sum + a.byteLength + b.byteLength, 0),
    pairingsTotal: pairings.length,
  }));
  await inLanes(pairings, PAIRING_LANES, (pairing) => matchStored(run, pairing));
  advance(run, () => ({ stage: "sealing" }));
  return storeResults(run);
}

async function matchStored(run: Run, { a, b }: StoredPairing): Promise<void> {
  const { secretariat, round, signal } = run;
  const { pool, metrics, profile, log, maxHits } = secretariat;
  const { informationMarginBits } = round.descriptor;
  const cap = hitCap(maxHits, round.descriptor, [a.from, b.from]);
  const matched = await matchPairing(
    pool,
    { ...profile, informationMarginBits },
    {
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
    },
  );
  run.hits.set(`${a.from}-${b.from}`, matched.found.map(hitsOf));
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
 * Writes a package for every party and the hit ids of every pairing, then moves the round to review and drops its batches
 * in one transaction.
 *
 * @returns Files of the batches.
 */
async function storeResults({ secretariat, round, hits, signal }: Run): Promise<readonly string[]> {
  const { store, pool } = secretariat;
  const { id, t2, descriptor } = round;
  if (t2 === null) throw new RangeError("a sealed round has no T2");
  const folder = folderOf(secretariat, id);
  const dataKey = await dataKeyOf(secretariat, round);
  const roster = await rosterOf(secretariat, round);
  const keys = new Map(descriptor.pairings.map((pairing) => [pairing.join("-"), randomBytes(PACKAGE_KEY_BYTES)]));
  const packages = new Map<string, { readonly file: string; readonly digest: string }>();
  const hitFiles = new Map<string, string>();
  try {
    await inLanes(descriptor.parties, pool.workers, async ({ id: party }) => {
      const sections = sectionsOf(descriptor, party, hits, keys);
      const { boxKey } = partyOf(roster, party);
      const answer = await pool.sealPackage({ content: { round: id, t2, party, sections }, boxKey });
      if (answer.refusal !== null) throw new LinkageError(answer.refusal.code, answer.refusal.detail);
      const file = freshFileName();
      packages.set(party, { file, digest: createHash("sha256").update(answer.sealed).digest("base64url") });
      await writeEncrypted(folder, file, dataKey, packageContext(id, party), answer.sealed);
    });
    for (const pairing of descriptor.pairings) {
      const found = hits.get(pairing.join("-"));
      if (found === undefined) continue;
      const kept = found.map(([{ hit, band }]) => ({ hit, band }));
      hitFiles.set(
        pairing.join("-"),
        await writeHits(folder, dataKey, id, pairing, kept, distinctHits(found.map(rowsOf))),
      );
    }
    signal.throwIfAborted();
    return await store.transaction().execute(async (transaction) => {
      for (const [party, { file, digest }] of packages)
        await insertPackage(transaction, { round: id, party, file, digest });
      for (const pairing of descriptor.pairings) {
        const name = pairing.join("-");
        const found = hits.get(name);
        const key = keys.get(name);
        if (found === undefined || key === undefined) continue;
        await updatePairing(transaction, id, pairing, {
          state: "matched",
          ...countsOf(found),
          hits_file: hitFiles.get(name) ?? null,
          wrapped_key: wrapPackageKey(dataKey, id, pairing, key),
        });
      }
      await holdUnusual(transaction, secretariat, id, descriptor);
      const chunks = await listChunkFiles(transaction, id);
      await deleteRoundChunks(transaction, id);
      if (!(await moveRound(transaction, id, "matching", "reviewed")))
        throw new RangeError("a round left matching while it was matched");
      await setMatched(transaction, id, secretariat.clock().toISOString());
      await recordAct(transaction, secretariat, id, null, "matched");
      return chunks;
    });
  } catch (error) {
    await deleteFiles(folder, [...[...packages.values()].map(({ file }) => file), ...hitFiles.values()]);
    throw error;
  } finally {
    for (const key of keys.values()) key.fill(0);
  }
}

/** @returns A section for every pairing of the party, also for those that were left out, so that the size says nothing. */
function sectionsOf(
  descriptor: RoundDescriptor,
  party: string,
  hits: ReadonlyMap<string, PairingHits>,
  keys: ReadonlyMap<string, Uint8Array>,
): PackageContent["sections"] {
  return counterpartsOf(descriptor, party).map((counterpart) => {
    const name = pairingOf(party, counterpart).join("-");
    const key = keys.get(name);
    if (key === undefined) throw new RangeError("a pairing has no package key");
    const own = (hits.get(name) ?? []).map(([lower, higher]) => (party < counterpart ? lower : higher));
    return { counterpart, key, hits: own };
  });
}

function rowsOf([lower, higher]: PairingHits[number]): { handleA: string; handleB: string; band: ReleasedBand } {
  return { handleA: lower.handle, handleB: higher.handle, band: lower.band };
}

function countsOf(hits: PairingHits): Record<ReleasedBand, number> {
  const counts = { high: 0, medium: 0, low: 0 };
  for (const [{ band }] of hits) counts[band]++;
  return counts;
}

/** @returns The pairings that are still admitted, with their stored batches. */
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
  for (const { lower, higher, state } of await listPairings(store, round.id))
    if (state === "admitted") pairings.push({ a: await stored(lower, higher), b: await stored(higher, lower) });
  return pairings;
}

/** @returns 16 random bytes, base64url, that no command line takes for an option and no spreadsheet for a formula. */
function freshHitId(): string {
  for (;;) {
    const hit = randomBytes(HIT_ID_BYTES).toString("base64url");
    if (!hit.startsWith("-")) return hit;
  }
}

/** @returns The hit as the lower and as the higher party gets it, under one fresh id. */
export function hitsOf({ band, cells, handleA, handleB, pattern }: FoundPair): readonly [lower: Hit, higher: Hit] {
  const hit = freshHitId();
  const common = { band, cells: cellsText(cells), hit, pattern };
  return [
    { ...common, handle: handleA },
    { ...common, handle: handleB },
  ];
}

function advance({ secretariat, round }: Run, change: (progress: Progress) => Partial<Progress>): void {
  const matching = secretariat.matchings.get(round.id);
  if (matching !== undefined) matching.progress = { ...matching.progress, ...change(matching.progress) };
}
