/**
 * A party's batches for one round: one for each counterpart, from a list that is encoded once.
 * In: an agreed round in the vault and an encoded list. Out: batch files and handle maps in the vault.
 */
import { randomFillSync } from "node:crypto";
import { availableParallelism } from "node:os";
import { HANDLE_BYTES } from "#engine/batch/layout.ts";
import type { HandlingFacts } from "#engine/encode/handling-facts.ts";
import { requireRoom } from "#engine/encode/encode-batch.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { visibilityOf } from "#engine/encode/visibility.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Profile } from "#engine/profile.ts";
import { expectedRowCount } from "#engine/round/descriptor.ts";
import { decoysOf } from "#engine/round/decoys.ts";
import type { BatchTask } from "./batch-file.ts";
import type { HandleEntry } from "./handle-map.ts";
import type { Vault } from "./vault.ts";
import { openPairingPool } from "./workers/pairing-pool.ts";
import { shareList } from "./workers/shared-list.ts";

export type EncodedPairing = {
  readonly counterpart: string;
  readonly rowCount: number;
  readonly byteLength: number;
  readonly digest: string;
  /** Rows none of whose keys is both unique and telling: they cannot be found in this pairing. */
  readonly hiddenRows: number;
};

export type EncodeOptions = {
  /** Called after each counterpart. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Threads; none if 0. When left out none for a small list, else one for each processor but four at most. */
  readonly workers?: number | undefined;
};

/** A smaller list is encoded before threads have started. */
const LEAST_ROWS_FOR_WORKERS = 5_000;
const MOST_WORKERS = 4;

/**
 * Encodes the list for every counterpart of the round; what fails for one is thrown when all others are written.
 *
 * @throws {@link LinkageError} `round-state` when the keys are not agreed yet or are destroyed; `batch-too-large`;
 * `file-exists` when a batch has been submitted.
 */
export async function encodeRound(
  vault: Vault,
  round: string,
  list: EncodedList,
  { onProgress, workers = defaultWorkers(list) }: EncodeOptions = {},
): Promise<EncodedPairing[]> {
  const tasks = tasksOf(vault, round, list.profile);
  const threads = Math.min(workers, tasks.length);
  const pool = threads === 0 ? undefined : openPairingPool(threads);
  const shared = pool && shareList(list);
  let done = 0;
  const encodeOne = async (task: BatchTask): Promise<EncodedPairing> => {
    const { to: counterpart, rowCount, counterpartRowCount, informationMarginBits } = task.pairing;
    requireRoom(list, task.decoys.length, rowCount);
    vault.prepareBatch(round, counterpart);
    const { handles, place, ...written } =
      pool === undefined || shared === undefined
        ? vault.writeBatch(list, task, randomFillSync)
        : await pool.encodePairing({ list: shared, task, vault: vault.access() });
    vault.writeHandleMap(round, counterpart, handleEntries(list, handles, place));
    onProgress?.(++done, tasks.length);
    const profile = {
      ...list.profile,
      informationMarginBits: informationMarginBits ?? list.profile.informationMarginBits,
    };
    const largerRowCount = Math.max(rowCount, counterpartRowCount);
    const hidden = visibilityOf({ ...list, profile }, largerRowCount).filter((each) => each !== "found");
    return { counterpart, rowCount, ...written, hiddenRows: hidden.length };
  };
  try {
    // One that fails keeps no other from being written: each has given up its earlier handle map by now.
    const settled = await Promise.allSettled(tasks.map(encodeOne));
    return settled.map((each) => {
      if (each.status === "rejected") throw each.reason;
      return each.value;
    });
  } finally {
    await pool?.close();
  }
}

function defaultWorkers({ rows }: EncodedList): number {
  return rows.length < LEAST_ROWS_FOR_WORKERS ? 0 : Math.min(availableParallelism(), MOST_WORKERS);
}

function tasksOf(vault: Vault, round: string, profile: Profile): BatchTask[] {
  const { party } = vault.identity;
  const descriptor = vault.descriptor(round);
  const t1 = vault.transcript(round);
  const pairings = vault.pairings(round);
  if (descriptor === null || t1 === null || pairings === null)
    throw new LinkageError("round-state", `the keys of round ${round} are not agreed yet; run: aquila round join`);
  const provenanceSeed = vault.provenanceSeed(round);
  const rowCount = expectedRowCount(descriptor, party);
  return pairings.map(({ counterpart, keyTag, keyProof, keyId }) => {
    if (keyTag === null || keyProof === null)
      throw new LinkageError(
        "round-state",
        `the pairing keys of round ${round} are destroyed; nothing more can be encoded`,
      );
    const counterpartRowCount = expectedRowCount(descriptor, counterpart);
    const { informationMarginBits } = descriptor;
    const pairing = {
      ...{ round, t1, from: party, to: counterpart, keyId, keyTag, provenanceSeed },
      ...{ rowCount, counterpartRowCount, informationMarginBits },
    };
    const decoys = decoysOf({ ...profile, informationMarginBits }, keyProof, [rowCount, counterpartRowCount]);
    return { pairing, decoys };
  });
}

/** @returns The codes that are given. */
function codesOf({ reliability, accuracy, handling, riskIndicators }: HandlingFacts): Partial<HandleEntry> {
  return {
    ...(reliability === "" ? {} : { reliability }),
    ...(accuracy === "" ? {} : { accuracy }),
    ...(handling === "" ? {} : { handling }),
    ...(riskIndicators.length === 0 ? {} : { riskIndicators: [...riskIndicators] }),
  };
}

function* handleEntries({ rows }: EncodedList, handles: Uint8Array, place: Uint32Array): Generator<HandleEntry> {
  let row = 0;
  for (const { refs, origins, handlingFacts } of rows) {
    const placed = place[row++] as number;
    const from = placed * HANDLE_BYTES;
    const handle = Buffer.from(handles.subarray(from, from + HANDLE_BYTES)).toString("base64url");
    yield {
      handle,
      refs: [...refs],
      row: placed,
      ...(origins.length === 0 ? {} : { origins: [...origins] }),
      ...codesOf(handlingFacts),
    };
  }
}
