/**
 * A worker thread: checks stored batches, joins tiles of them, folds and scores what was found, block by block.
 * It holds the profile and nothing between two tasks.
 */
import { createHash, hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { workerData } from "piscina";
import { z } from "zod";
import { checkBatch as startCheck, expectedLayout } from "#engine/batch/check.ts";
import { CHUNK_BYTES } from "#engine/batch/layout.ts";
import { LinkageError } from "#engine/errors.ts";
import { reaches } from "#engine/match/band.ts";
import { foldPairs, type CandidatePairs } from "#engine/match/candidates.ts";
import { countWeights, estimatePrior, type PairingPrior } from "#engine/match/prior.ts";
import { probabilitiesOf, scoredPair, weighPairs, type BatchRows } from "#engine/match/score.ts";
import { Profile } from "#engine/profile.ts";
import { ReleasedBand } from "#engine/round/descriptor.ts";
import { sealPackage as seal } from "#engine/round/package.ts";
import { decryptInto, SEALING_BYTES } from "../aead.ts";
import { storageFailure } from "../storage-failure.ts";
import { chunkContext, writeEncrypted } from "../encrypted-file.ts";
import { heaviest } from "../hit-cap.ts";
import { agreedCells } from "./agreed-cells.ts";
import { blocksOf, evidenceOf, type RuleEvidence } from "./evidence.ts";
import { handlesOf } from "./handles.ts";
import { keepWords, takeWords } from "./kept-words.ts";
import { openStored, type StoredBytes } from "./stored-bytes.ts";
import { joinStored } from "./stored-join.ts";
import {
  BLOCK_ROWS,
  type BlockEvidence,
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
  type SettleAnswer,
  type SettleTask,
  type StoredBatch,
} from "./tasks.ts";

const given: unknown = workerData;
const { profile } = z.object({ profile: Profile }).parse(given);

/** Digests and encrypts a chunk and stores it, so that it survives a crash when this returns. */
export async function storeChunk({ bytes, folder, file, dataKey, context }: ChunkTask): Promise<ChunkAnswer> {
  try {
    await writeEncrypted(folder, file, dataKey, context, bytes);
    return { digest: hash("sha256", bytes, "base64url"), refusal: null };
  } catch (error) {
    return { digest: "", refusal: refusalOf(error) };
  }
}

/** Reads and validates a stored batch, chunk by chunk; one that cannot be read at all has no digest. */
export function checkBatch(task: CheckTask): CheckAnswer {
  try {
    return checkStored(task);
  } catch (error) {
    return { digest: "", refusal: refusalOf(error) };
  }
}

function checkStored({ stored, expected }: CheckTask): CheckAnswer {
  const whole = createHash("sha256");
  const check = startCheck(profile, expected, stored.byteLength);
  const refusals: Refusal[] = [];
  const memory = new Uint8Array(Math.min(CHUNK_BYTES, stored.byteLength) + SEALING_BYTES);
  stored.paths.forEach((path, index) => {
    const chunk = readChunk(memory, stored, index, path);
    whole.update(chunk);
    if (refusals.length > 0) return;
    refusals.push(
      ...refusalsOf(() => {
        check.feed(chunk);
      }),
    );
  });
  if (refusals.length === 0) refusals.push(...refusalsOf(check.finish));
  return { digest: whole.digest("base64url"), refusal: refusals[0] ?? null };
}

/** @throws {@link LinkageError} `batch-digest-mismatch` if it is not what was stored. */
function readChunk(memory: Uint8Array, stored: StoredBatch, index: number, path: string): Uint8Array {
  try {
    const sealed = memory.subarray(0, readFileInto(memory, path));
    return decryptInto(memory, stored.dataKey, chunkContext({ ...stored, index, path }), sealed);
  } catch (error) {
    if (storageFailure(error) !== null) throw error;
    throw new LinkageError("batch-digest-mismatch", `chunk ${index} is not as it was stored; submit again`, {
      cause: error,
    });
  }
}

/** @returns Number of bytes read, from the file's start. */
function readFileInto(memory: Uint8Array, path: string): number {
  const file = openSync(path, "r");
  try {
    return readSync(file, memory, 0, memory.length, 0);
  } finally {
    closeSync(file);
  }
}

/** Joins the parts of one tile. */
export async function joinTile({ a, b, parts, spills }: JoinTask): Promise<JoinAnswer> {
  const started = performance.now();
  const [bytesA, bytesB] = [openStored(a), openStored(b)];
  const [layoutA, layoutB] = [expectedLayout(profile, a.expected), expectedLayout(profile, b.expected)];
  const found: BlockEvidence[] = [];
  let keys = 0;
  for (const part of parts) {
    const [columnA, columnB] = [layoutA.columns[part.rule], layoutB.columns[part.rule]];
    if (columnA === undefined || columnB === undefined) throw new RangeError(`joinTile: no rule ${part.rule}`);
    const joined = await joinStored({ bytes: bytesA, layout: columnA }, { bytes: bytesB, layout: columnB }, part);
    keys += joined.keys;
    for (const [block, words] of blocksOf(joined.evidence, layoutA.rowCount, BLOCK_ROWS))
      found.push({ block, rule: part.rule, words: keepWords(words, spills, a) });
  }
  return { found, keys, seconds: (performance.now() - started) / 1_000 };
}

/** Folds a block's evidence into candidate pairs and counts their match weights. */
export async function foldBlock({ a, b, block, found, informationMarginBits }: FoldTask): Promise<FoldAnswer> {
  const { weightBits } = foldFound(await openSides(a, b), a, block, found, inRound(informationMarginBits));
  return { candidatePairs: weightBits.length, weights: countWeights(weightBits) };
}

/** Scores a block's candidate pairs; only those that reach `lowestBand` leave the worker, of these the `cap` of highest weight. */
export async function releaseBlock({ a, b, block, found, prior, ...policy }: ReleaseTask): Promise<ReleaseAnswer> {
  const sides = await openSides(a, b);
  const folded = foldFound(sides, a, block, found, inRound(policy.informationMarginBits));
  return releasePairs(sides, folded, prior, policy);
}

/** Folds, estimates the prior and scores at once, when one block holds all of a pairing's evidence. */
export async function settleBlock({ a, b, found, ...policy }: SettleTask): Promise<SettleAnswer> {
  const sides = await openSides(a, b);
  const ofRound = inRound(policy.informationMarginBits);
  const folded = foldFound(sides, a, 0, found, ofRound);
  const prior = estimatePrior(ofRound, countWeights(folded.weightBits), sides.a.rowCount, sides.b.rowCount);
  const released = await releasePairs(sides, folded, prior, policy);
  return { ...released, candidatePairs: folded.weightBits.length, matchesPerRow: prior.matchesPerRow };
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

/** @returns What was refused, or that storage failed; any other error is thrown on. */
function refusalOf(error: unknown): Refusal {
  const refused = error instanceof LinkageError ? error : storageFailure(error);
  if (refused === null) throw error;
  return { code: refused.code, detail: refused.detail };
}

/** Rows of a stored batch, and its bytes for handles. */
type Side = BatchRows & { readonly bytes: StoredBytes; readonly handlesAt: number };
type Sides = { readonly a: Side; readonly b: Side };
type Policy = Pick<ReleaseTask, "lowestBand" | "cap">;

/** @returns The profile under the round's information threshold. */
function inRound(informationMarginBits: number): Profile {
  return { ...profile, informationMarginBits };
}

/** Rows a of a block, its evidence, and what they were folded into. */
type FoldedBlock = {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly parts: readonly RuleEvidence[];
  readonly pairs: CandidatePairs;
  readonly weightBits: Float64Array;
};

async function openSides(a: CompleteBatch, b: CompleteBatch): Promise<Sides> {
  const open = async (stored: CompleteBatch): Promise<Side> => {
    const { rowCount, classesAt, handlesAt } = expectedLayout(profile, stored.expected);
    const bytes = openStored(stored);
    return { rowCount, handlesAt, bytes, classes: await bytes.copy(classesAt, classesAt + rowCount) };
  };
  return { a: await open(a), b: await open(b) };
}

function foldFound(
  sides: Sides,
  stored: CompleteBatch,
  block: number,
  found: readonly BlockEvidence[],
  ofRound: Profile,
): FoldedBlock {
  const firstRow = block * BLOCK_ROWS;
  const rowCount = Math.min(BLOCK_ROWS, sides.a.rowCount - firstRow);
  const parts = found.map(({ rule, words }) => ({ rule, ...evidenceOf(takeWords(words, stored)) }));
  const pairs = foldPairs(parts, firstRow, rowCount);
  return { firstRow, rowCount, parts, pairs, weightBits: weighPairs(ofRound, pairs, sides.a, sides.b) };
}

async function releasePairs(
  sides: Sides,
  { firstRow, rowCount, parts, pairs, weightBits }: FoldedBlock,
  prior: PairingPrior,
  { lowestBand, cap }: Policy,
): Promise<ReleaseAnswer> {
  const scored = { pairs, weightBits, prior, probability: probabilitiesOf(weightBits, prior) };
  const reaching: number[] = [];
  for (let at = 0; at < weightBits.length; at++)
    if (reaches(scoredPair(profile, scored, at).band, lowestBand)) reaching.push(at);
  const chosen = heaviest(reaching, weightBits, cap).map((at) => scoredPair(profile, scored, at));
  const rows = (side: "rowA" | "rowB"): number[] => chosen.map((pair) => pair[side]);
  const handlesA = await handlesOf(sides.a.bytes, sides.a.handlesAt, rows("rowA"));
  const handlesB = await handlesOf(sides.b.bytes, sides.b.handlesAt, rows("rowB"));
  const agreed = agreedCells(parts, chosen, firstRow, rowCount);
  const found = chosen.map((pair, at): FoundPair => {
    const { pattern, weightBits: bits } = pair;
    const [handleA, handleB, cells] = [handlesA[at] as string, handlesB[at] as string, agreed[at] as Uint32Array];
    return { handleA, handleB, band: ReleasedBand.parse(pair.band), pattern, cells, weightBits: bits };
  });
  return { found, isCapped: chosen.length < reaching.length };
}
