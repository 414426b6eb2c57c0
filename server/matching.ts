/**
 * Matching a sealed round: every admitted pairing joined and scored, one sealed package for each party, then release.
 * Nothing is written before all is known, so a crash or a failure leaves the round sealed, as it was.
 */
import { randomBytes } from "node:crypto";
import { viewBatch } from "#engine/batch/read.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Progress } from "#engine/round/messages.ts";
import type { Hit } from "#engine/round/package.ts";
import { partyOf } from "#engine/round/roster.ts";
import { requireState } from "#engine/round/states.ts";
import type { Caller } from "./caller.ts";
import { deleteFiles, freshFileName, packageContext, writeEncrypted } from "./encrypted-file.ts";
import { hitCap } from "./hit-cap.ts";
import { faultOf, powerOfTwoAbove } from "./log.ts";
import { dataKeyOf, requireRound, type Round } from "./rounds.ts";
import { folderOf, type Secretariat } from "./secretariat.ts";
import { insertPackage } from "./store/packages.ts";
import { moveRound } from "./store/rounds.ts";
import { deleteRoundChunks, findUpload, listChunkFiles, listChunks, listUploads } from "./store/uploads.ts";
import { planTiles } from "./tiles.ts";
import { storedBatch } from "./uploads.ts";
import type { CompleteBatch, FoundPair } from "./workers/tasks.ts";

/** Shared memory that the batches of pairings in work may take together; a single larger pairing still runs, alone. */
const MEMORY_BYTES = 2 * 2 ** 30;
const HIT_ID_BYTES = 16;
/** Smallest number of candidate pairs that the log tells from fewer. */
const FEWEST_TOLD = 16;

/** The two stored batches of one pairing; `a` is the lower id's. */
type StoredPairing = { readonly a: CompleteBatch; readonly b: CompleteBatch };

/** A matching under way. */
type Run = {
  readonly secretariat: Secretariat;
  readonly round: Round;
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
  const job = runMatching(secretariat, round).finally(() => secretariat.jobs.delete(job));
  secretariat.jobs.add(job);
}

/** The job's boundary: nothing is thrown from here. */
async function runMatching(secretariat: Secretariat, round: Round): Promise<void> {
  const { log, progress, store } = secretariat;
  let dropped: readonly string[];
  try {
    dropped = await matchRound(secretariat, round);
  } catch (error) {
    const code = error instanceof LinkageError ? error.code : "internal";
    const isSealed = await moveRound(store, round.id, "matching", "sealed");
    const outcome = isSealed ? "matching failed; the round is sealed again" : "matching failed; the round has moved on";
    log.error({ round: round.id, code, fault: faultOf(error) }, outcome);
    return;
  } finally {
    progress.delete(round.id);
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
async function matchRound(secretariat: Secretariat, round: Round): Promise<readonly string[]> {
  const pairings = await storedPairings(secretariat, round);
  const uploads = await listUploads(secretariat.store, round.id);
  secretariat.progress.set(round.id, {
    stage: "reading",
    bytesDone: 0,
    bytesTotal: uploads.reduce((sum, upload) => sum + (upload.byte_length ?? 0), 0),
    pairingsDone: 0,
    pairingsTotal: pairings.length,
  });
  const hits = new Map<string, Hit[]>(round.descriptor.parties.map(({ id }) => [id, []]));
  const run = { secretariat, round, hits };
  const largest = Math.max(...pairings.map(({ a, b }) => a.byteLength + b.byteLength));
  const lanes = Math.max(1, Math.min(secretariat.pool.workers, Math.floor(MEMORY_BYTES / largest)));
  await inLanes(pairings, lanes, (pairing) => matchPairing(run, pairing));
  advance(run, () => ({ stage: "sealing" }));
  return releasePackages(run);
}

async function matchPairing(run: Run, { a, b }: StoredPairing): Promise<void> {
  const { secretariat, round } = run;
  const { pool, metrics, profile, log, maxHits } = secretariat;
  advance(run, () => ({ stage: "reading" }));
  const bytesA = new SharedArrayBuffer(a.byteLength);
  const bytesB = new SharedArrayBuffer(b.byteLength);
  await Promise.all([pool.loadBatch({ stored: a, into: bytesA }), pool.loadBatch({ stored: b, into: bytesB })]);
  advance(run, ({ bytesDone }) => ({ stage: "joining", bytesDone: bytesDone + a.byteLength + b.byteLength }));

  const tiles = planTiles(viewBatch(new Uint8Array(bytesA), profile), viewBatch(new Uint8Array(bytesB), profile));
  const joined = await Promise.all(
    tiles.map(async (parts) => {
      const { pairs, keys, seconds } = await pool.joinTile({ a: bytesA, b: bytesB, parts });
      metrics.keysJoined.inc(keys);
      metrics.tileSeconds.observe(seconds);
      return pairs;
    }),
  );
  advance(run, () => ({ stage: "scoring" }));
  const { lowestBand } = round.descriptor;
  const cap = hitCap(maxHits, round.descriptor, [a.from, b.from]);
  const scored = await pool.scoreTiles({ a: bytesA, b: bytesB, pairs: joined.flat(), lowestBand, cap });
  for (const found of scored.found) addHit(run, a.from, b.from, found);
  const pairing = `${a.from}-${b.from}`;
  if (scored.isCapped) log.warn({ round: round.id, pairing }, "pairing capped: its hits of lowest weight are left out");
  log.info(
    {
      round: round.id,
      pairing,
      candidatePairsAtMost: powerOfTwoAbove(Math.max(scored.candidatePairs, FEWEST_TOLD)),
      matchesPerRowAtMost: powerOfTwoAbove(scored.matchesPerRow),
    },
    "pairing matched",
  );
  advance(run, ({ pairingsDone }) => ({ pairingsDone: pairingsDone + 1 }));
}

/**
 * Writes a package for every party, then releases the round and drops its batches in one transaction.
 *
 * @returns Files of the batches.
 */
async function releasePackages({ secretariat, round, hits }: Run): Promise<readonly string[]> {
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
    const digest = (await findUpload(store, direction))?.digest ?? null;
    if (digest === null) throw new RangeError("a sealed round lacks a batch");
    return { ...storedBatch(folder, dataKey, direction, await listChunks(store, direction)), digest };
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
  const current = secretariat.progress.get(round.id);
  if (current !== undefined) secretariat.progress.set(round.id, { ...current, ...change(current) });
}

/** Works on at most `lanes` items at once; the first failure stops the rest from starting. */
async function inLanes<Item>(
  items: readonly Item[],
  lanes: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  let failed = false;
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined && !failed; item = waiting.shift()) {
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
