/**
 * Matching of one pairing: tiles joined, their evidence folded block by block, the prior estimated, hits chosen.
 * In: two stored batches. Out: the pairs that are released. What workers find waits in memory up to a limit, then in
 * encrypted files of the round's folder, until the pairs are chosen; the files are gone when this returns.
 */
import { expectedLayout } from "#engine/batch/check.ts";
import { estimatePrior, type WeightCounts } from "#engine/match/prior.ts";
import type { Profile } from "#engine/profile.ts";
import type { ReleasedBand } from "#engine/round/descriptor.ts";
import { deleteFiles } from "./encrypted-file.ts";
import { heaviest } from "./hit-cap.ts";
import { inLanes } from "./lanes.ts";
import { planTiles } from "./tiles.ts";
import type { WorkerPool } from "./workers/pool.ts";
import {
  BLOCK_ROWS,
  type BlockEvidence,
  type CompleteBatch,
  type FoldAnswer,
  type FoundPair,
} from "./workers/tasks.ts";

/** Evidence of one pairing that waits in memory; what comes then goes to disk. */
const EVIDENCE_BYTES = 192 * 2 ** 20;
const CELL_BYTES = 12;
/** Pairings in work at once: while one is scored, the next is joined. */
export const PAIRING_LANES = 2;

/** A joined tile: keys of both columns, time on its worker, bytes of both batches that it stands for. */
type JoinedTile = { readonly keys: number; readonly seconds: number; readonly bytes: number };

type PairingTask = {
  readonly a: CompleteBatch;
  readonly b: CompleteBatch;
  /** The round's. */
  readonly folder: string;
  readonly lowestBand: ReleasedBand;
  /** Most pairs that are released. */
  readonly cap: number;
  readonly signal: AbortSignal;
  readonly onJoined: (tile: JoinedTile) => void;
  readonly evidenceBytes?: number;
  readonly keysPerTile?: number;
};

export type MatchedPairing = {
  /** In order of row a, then row b. */
  readonly found: readonly FoundPair[];
  readonly isCapped: boolean;
  readonly candidatePairs: number;
  /** The pairing's prior: true pairs per row of the smaller batch. */
  readonly matchesPerRow: number;
};

/**
 * @param profile - Under the round's information threshold.
 * @throws AbortError when the signal aborts.
 */
export async function matchPairing(pool: WorkerPool, profile: Profile, task: PairingTask): Promise<MatchedPairing> {
  const { a, b, folder, lowestBand, cap, signal } = task;
  const { informationMarginBits } = profile;
  const policy = { lowestBand, cap, informationMarginBits };
  const evidence = new Evidence(task.evidenceBytes ?? EVIDENCE_BYTES);
  try {
    const blocks = await joinTiles(pool, profile, task, evidence);
    if (a.expected.rowCount <= BLOCK_ROWS && evidence.files.length === 0)
      return await pool.settleBlock({ a, b, found: blocks.get(0) ?? [], ...policy }, signal);
    const inOrder = [...blocks].sort(([one], [other]) => one - other);
    const folded: FoldAnswer[] = [];
    for (const [block, found] of inOrder)
      folded.push(await pool.foldBlock({ a, b, block, found, informationMarginBits }, signal));
    const prior = estimatePrior(profile, mergedCounts(folded), a.expected.rowCount, b.expected.rowCount);
    const released: FoundPair[] = [];
    let isCapped = false;
    for (const [block, found] of inOrder) {
      const answer = await pool.releaseBlock({ a, b, block, found, prior, ...policy }, signal);
      for (const pair of answer.found) released.push(pair);
      isCapped ||= answer.isCapped;
    }
    const weights = Float64Array.from(released, ({ weightBits }) => weightBits);
    const chosen = heaviest([...released.keys()], weights, cap);
    return {
      found: chosen.map((at) => released[at] as FoundPair),
      isCapped: isCapped || chosen.length < released.length,
      candidatePairs: folded.reduce((sum, { candidatePairs }) => sum + candidatePairs, 0),
      matchesPerRow: prior.matchesPerRow,
    };
  } finally {
    await deleteFiles(folder, evidence.files);
  }
}

/** @returns Evidence of all rules by block of rows a. */
async function joinTiles(
  pool: WorkerPool,
  profile: Profile,
  { a, b, signal, onJoined, keysPerTile }: PairingTask,
  evidence: Evidence,
): Promise<Map<number, BlockEvidence[]>> {
  const blocks = new Map<number, BlockEvidence[]>();
  const tiles = planTiles(expectedLayout(profile, a.expected), expectedLayout(profile, b.expected), keysPerTile);
  await inLanes(tiles, pool.workers, async (parts) => {
    const { found, keys, seconds } = await pool.joinTile({ a, b, parts, spills: evidence.isFull }, signal);
    for (const part of found) {
      evidence.hold(part);
      const block = blocks.get(part.block);
      if (block === undefined) blocks.set(part.block, [part]);
      else block.push(part);
    }
    onJoined({ keys, seconds, bytes: keys * CELL_BYTES });
  });
  return blocks;
}

/** How much waits in memory, and which files hold the rest. */
class Evidence {
  readonly files: string[] = [];
  readonly #limitBytes: number;
  #heldBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get isFull(): boolean {
    return this.#heldBytes >= this.#limitBytes;
  }

  hold({ words }: BlockEvidence): void {
    if (words instanceof Uint32Array) this.#heldBytes += words.byteLength;
    else this.files.push(words.file);
  }
}

function mergedCounts(folded: readonly FoldAnswer[]): WeightCounts {
  const counts = new Map<number, number>();
  for (const { weights } of folded)
    for (const [weight, count] of weights) counts.set(weight, (counts.get(weight) ?? 0) + count);
  return counts;
}
