/**
 * A worker thread: checks stored batches, joins tiles of them, folds and scores what was found, block by block.
 * It holds the profile and nothing between two tasks.
 */
import { createHash, hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { workerData } from "piscina";
import { z } from "zod";
import { checkBatch as startCheck, expectedLayout } from "#engine/batch/check.ts";
import { HANDLE_BYTES } from "#engine/batch/layout.ts";
import { LinkageError } from "#engine/errors.ts";
import { reaches } from "#engine/match/band.ts";
import { foldPairs, type CandidatePairs } from "#engine/match/candidates.ts";
import { countWeights } from "#engine/match/prior.ts";
import { probabilitiesOf, scoredPair, weighPairs, type BatchRows } from "#engine/match/score.ts";
import { Profile } from "#engine/profile.ts";
import { ReleasedBand } from "#engine/round/descriptor.ts";
import { sealPackage as seal } from "#engine/round/package.ts";
import { decrypt } from "../aead.ts";
import { chunkContext, writeEncrypted } from "../encrypted-file.ts";
import { heaviest } from "../hit-cap.ts";
import { keepWords, takeWords } from "./kept-words.ts";
import { openStored } from "./stored-bytes.ts";
import { joinStored } from "./stored-join.ts";
import {
  BLOCK_ROWS,
  type BlockPairs,
  type CheckAnswer,
  type CheckTask,
  type ChunkAnswer,
  type ChunkTask,
  type CompleteBatch,
  type FoldAnswer,
  type FoldTask,
  type FoundPair,
  type JoinAnswer,
  type JoinTask,
  type Refusal,
  type ReleaseAnswer,
  type ReleaseTask,
  type SealAnswer,
  type SealTask,
} from "./tasks.ts";

const given: unknown = workerData;
const { profile } = z.object({ profile: Profile }).parse(given);

/** Digests and encrypts a chunk and stores it, so that it survives a crash when this returns. */
export async function storeChunk({ bytes, folder, file, dataKey, context }: ChunkTask): Promise<ChunkAnswer> {
  await writeEncrypted(folder, file, dataKey, context, bytes);
  return { digest: hash("sha256", bytes, "base64url") };
}

/** Reads and validates a stored batch, chunk by chunk. */
export function checkBatch({ stored, expected }: CheckTask): CheckAnswer {
  const whole = createHash("sha256");
  const check = startCheck(profile, expected, stored.byteLength);
  const refusals: Refusal[] = [];
  stored.paths.forEach((path, index) => {
    const chunk = decrypt(stored.dataKey, chunkContext({ ...stored, index, path }), readFileSync(path));
    whole.update(chunk);
    if (refusals.length > 0) return;
    refusals.push(
      ...refusalsOf(() => {
        check.feed(chunk.byteOffset % 8 === 0 ? chunk : chunk.slice());
      }),
    );
  });
  if (refusals.length === 0) refusals.push(...refusalsOf(check.finish));
  return { digest: whole.digest("base64url"), refusal: refusals[0] ?? null };
}

/** Joins the parts of one tile. */
export async function joinTile({ a, b, parts, spills }: JoinTask): Promise<JoinAnswer> {
  const started = performance.now();
  const [bytesA, bytesB] = [openStored(a), openStored(b)];
  const [layoutA, layoutB] = [expectedLayout(profile, a.expected), expectedLayout(profile, b.expected)];
  const found: BlockPairs[] = [];
  let keys = 0;
  for (const part of parts) {
    const [columnA, columnB] = [layoutA.columns[part.rule], layoutB.columns[part.rule]];
    if (columnA === undefined || columnB === undefined) throw new RangeError(`joinTile: no rule ${part.rule}`);
    const joined = await joinStored({ bytes: bytesA, layout: columnA }, { bytes: bytesB, layout: columnB }, part);
    keys += joined.keys;
    for (const [block, pairs] of blocksOf(joined.pairs, layoutA.rowCount))
      found.push({ block, rule: part.rule, pairs: keepWords(pairs, spills, a) });
  }
  return { found, keys, seconds: (performance.now() - started) / 1_000 };
}

/** Folds a block's row pairs into candidate pairs and counts their match weights. */
export async function foldBlock({ a, b, block, found, spills }: FoldTask): Promise<FoldAnswer> {
  const { rowCount } = expectedLayout(profile, a.expected);
  const firstRow = block * BLOCK_ROWS;
  const parts = found.map(({ rule, pairs }) => ({ rule, pairs: takeWords(pairs, a) }));
  const pairs = foldPairs(parts, firstRow, Math.min(BLOCK_ROWS, rowCount - firstRow));
  const weights = weighPairs(profile, pairs, await rowsOf(a), await rowsOf(b));
  return {
    candidates: keepWords(wordsOf(pairs), spills, a),
    candidatePairs: weights.length,
    weights: countWeights(weights),
  };
}

/** Scores a block's candidate pairs; only those that reach `lowestBand` leave the worker, of these the `cap` of highest weight. */
export async function releaseBlock(task: ReleaseTask): Promise<ReleaseAnswer> {
  const { a, b, prior, lowestBand, cap } = task;
  const pairs = pairsOf(takeWords(task.candidates, a));
  const weightBits = weighPairs(profile, pairs, await rowsOf(a), await rowsOf(b));
  const scored = { pairs, weightBits, prior, probability: probabilitiesOf(weightBits, prior) };
  const reaching: number[] = [];
  for (let at = 0; at < weightBits.length; at++)
    if (reaches(scoredPair(profile, scored, at).band, lowestBand)) reaching.push(at);
  const chosen = heaviest(reaching, weightBits, cap).map((at) => scoredPair(profile, scored, at));
  const handlesA = await handlesOf(
    a,
    chosen.map(({ rowA }) => rowA),
  );
  const handlesB = await handlesOf(
    b,
    chosen.map(({ rowB }) => rowB),
  );
  const found = chosen.map((pair, at): FoundPair => {
    const { band, pattern, weightBits: bits } = pair;
    return {
      handleA: handlesA[at] as string,
      handleB: handlesB[at] as string,
      band: ReleasedBand.parse(band),
      pattern,
      weightBits: bits,
    };
  });
  return { found, isCapped: chosen.length < reaching.length };
}

/** Seals a party's package. */
export async function sealPackage({ content, boxKey }: SealTask): Promise<SealAnswer> {
  try {
    return { sealed: await seal(content, boxKey), refusal: null };
  } catch (error) {
    return { refusal: refusalOf(error) };
  }
}

/** @returns What `work` refuses: one refusal or none. */
function refusalsOf(work: () => unknown): Refusal[] {
  try {
    work();
    return [];
  } catch (error) {
    return [refusalOf(error)];
  }
}

/** @returns What was refused; an error that is no refusal is thrown on. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof LinkageError) return { code: error.code, detail: error.detail };
  throw error;
}

/** Row count and coverage classes of a stored batch. */
async function rowsOf(stored: CompleteBatch): Promise<BatchRows> {
  const { rowCount, classesAt } = expectedLayout(profile, stored.expected);
  return { rowCount, classes: await openStored(stored).copy(classesAt, classesAt + rowCount) };
}

/** @returns Handles of these rows, base64url, in order of `rows`; read in order of the batch. */
async function handlesOf(stored: CompleteBatch, rows: readonly number[]): Promise<string[]> {
  const { handlesAt } = expectedLayout(profile, stored.expected);
  const bytes = openStored(stored);
  const handles = new Array<string>(rows.length);
  const order = [...rows.keys()].sort((one, other) => (rows[one] as number) - (rows[other] as number));
  for (const at of order) {
    const start = handlesAt + (rows[at] as number) * HANDLE_BYTES;
    handles[at] = Buffer.from(await bytes.copy(start, start + HANDLE_BYTES)).toString("base64url");
  }
  return handles;
}

/** @returns Row pairs by block of rows a, in their order; interleaved as they came. */
function blocksOf(pairs: Uint32Array, rowCountA: number): Map<number, Uint32Array> {
  if (pairs.length === 0) return new Map();
  if (rowCountA <= BLOCK_ROWS) return new Map([[0, pairs]]);
  const sizes = new Uint32Array(Math.ceil(rowCountA / BLOCK_ROWS));
  for (let at = 0; at < pairs.length; at += 2) {
    const block = Math.floor((pairs[at] as number) / BLOCK_ROWS);
    sizes[block] = (sizes[block] as number) + 2;
  }
  const blocks = Array.from(sizes, (size) => new Uint32Array(size));
  sizes.fill(0);
  for (let at = 0; at < pairs.length; at += 2) {
    const block = Math.floor((pairs[at] as number) / BLOCK_ROWS);
    const used = sizes[block] as number;
    blocks[block]?.set(pairs.subarray(at, at + 2), used);
    sizes[block] = used + 2;
  }
  return new Map([...blocks.entries()].filter(([, { length }]) => length > 0));
}

function wordsOf({ rowA, rowB, pattern }: CandidatePairs): Uint32Array {
  const words = new Uint32Array(rowA.length * 3);
  words.set(rowA);
  words.set(rowB, rowA.length);
  words.set(pattern, rowA.length * 2);
  return words;
}

function pairsOf(words: Uint32Array): CandidatePairs {
  const count = words.length / 3;
  return {
    rowA: words.subarray(0, count),
    rowB: words.subarray(count, count * 2),
    pattern: words.subarray(count * 2),
  };
}
