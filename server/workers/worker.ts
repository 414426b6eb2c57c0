/**
 * A worker thread: opens stored batches, checks them, joins tiles and scores pairings.
 * It holds the profile and nothing between two tasks.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { workerData } from "piscina";
import { z } from "zod";
import { handleOf, readBatch, viewBatch } from "#engine/batch/read.ts";
import { LinkageError } from "#engine/errors.ts";
import { reaches } from "#engine/match/band.ts";
import { joinColumns } from "#engine/match/join.ts";
import { scoredPair, scorePairing } from "#engine/match/score.ts";
import { Profile } from "#engine/profile.ts";
import { ReleasedBand } from "#engine/round/descriptor.ts";
import { sealPackage as seal } from "#engine/round/package.ts";
import { decrypt } from "../aead.ts";
import { chunkContext } from "../encrypted-file.ts";
import { heaviest } from "../hit-cap.ts";
import type {
  CheckAnswer,
  CheckTask,
  FoundPair,
  JoinAnswer,
  JoinTask,
  LoadTask,
  Refusal,
  ScoreAnswer,
  ScoreTask,
  SealAnswer,
  SealTask,
  StoredBatch,
} from "./tasks.ts";

const given: unknown = workerData;
const { profile } = z.object({ profile: Profile }).parse(given);

/** Reads and validates a stored batch. */
export function checkBatch({ stored, expected }: CheckTask): CheckAnswer {
  const bytes = new Uint8Array(stored.byteLength);
  const digest = openChunks(stored, bytes);
  try {
    readBatch(bytes, profile, expected);
    return { digest, refusal: null };
  } catch (error) {
    return { digest, refusal: refusalOf(error) };
  }
}

/** Opens a stored batch into shared memory; nothing checks it again, so it must be the one that was read. */
export function loadBatch({ stored, into }: LoadTask): void {
  if (openChunks(stored, new Uint8Array(into)) !== stored.digest)
    throw new RangeError("a stored batch is not the one that was read when it came in");
}

/** Joins the parts of one tile. */
export function joinTile({ a, b, parts }: JoinTask): JoinAnswer {
  const started = performance.now();
  const batchA = viewBatch(new Uint8Array(a), profile);
  const batchB = viewBatch(new Uint8Array(b), profile);
  let keys = 0;
  const pairs = parts.map(({ rule, range }) => {
    const columnA = batchA.columns[rule];
    const columnB = batchB.columns[rule];
    if (columnA === undefined || columnB === undefined) throw new RangeError(`joinTile: no rule ${rule}`);
    keys += range.endA - range.startA + range.endB - range.startB;
    return { rule, pairs: joinColumns(columnA, columnB, range) };
  });
  return { pairs, keys, seconds: (performance.now() - started) / 1_000 };
}

/** Scores a pairing; only pairs that reach `lowestBand` leave the worker, of these the `cap` of highest weight. */
export function scoreTiles({ a, b, pairs, lowestBand, cap }: ScoreTask): ScoreAnswer {
  const batchA = viewBatch(new Uint8Array(a), profile);
  const batchB = viewBatch(new Uint8Array(b), profile);
  const scored = scorePairing(profile, pairs, batchA, batchB);
  const candidatePairs = scored.weightBits.length;
  const reaching: number[] = [];
  for (let at = 0; at < candidatePairs; at++)
    if (reaches(scoredPair(profile, scored, at).band, lowestBand)) reaching.push(at);
  const found = heaviest(reaching, scored.weightBits, cap).map((at): FoundPair => {
    const { band, rowA, rowB, pattern } = scoredPair(profile, scored, at);
    return {
      handleA: handleOf(batchA, rowA),
      handleB: handleOf(batchB, rowB),
      band: ReleasedBand.parse(band),
      pattern,
    };
  });
  const isCapped = found.length < reaching.length;
  return { found, isCapped, candidatePairs, matchesPerRow: scored.prior.matchesPerRow };
}

/** Seals a party's package. */
export async function sealPackage({ content, boxKey }: SealTask): Promise<SealAnswer> {
  try {
    return { sealed: await seal(content, boxKey), refusal: null };
  } catch (error) {
    return { refusal: refusalOf(error) };
  }
}

/** @returns What was refused; an error that is no refusal is thrown on. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof LinkageError) return { code: error.code, detail: error.detail };
  throw error;
}

/** @returns SHA-256 of the batch, base64url. */
function openChunks({ round, from, to, paths, dataKey }: StoredBatch, into: Uint8Array): string {
  const hash = createHash("sha256");
  let at = 0;
  paths.forEach((path, index) => {
    const chunk = decrypt(dataKey, chunkContext(round, from, to, index), readFileSync(path));
    hash.update(chunk);
    into.set(chunk, at);
    at += chunk.length;
  });
  if (at !== into.length) throw new RangeError(`a stored batch has ${at} bytes, not ${into.length}`);
  return hash.digest("base64url");
}
