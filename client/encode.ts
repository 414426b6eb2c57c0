/**
 * A party's batches for one round: one for each counterpart, from a list that is encoded once.
 * In: an agreed round in the vault and an encoded list. Out: batch files and handle maps in the vault.
 */
import { randomFillSync } from "node:crypto";
import { availableParallelism } from "node:os";
import { HANDLE_BYTES } from "#engine/batch/layout.ts";
import { requireRoom, type Pairing } from "#engine/encode/encode-batch.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { visibilityOf } from "#engine/encode/visibility.ts";
import { LinkageError } from "#engine/errors.ts";
import { expectedRowCount } from "#engine/round/descriptor.ts";
import { encodeToFile } from "./batch-file.ts";
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
  const pairings = pairingsOf(vault, round);
  const threads = Math.min(workers, pairings.length);
  const pool = threads === 0 ? undefined : openPairingPool(threads);
  const shared = pool && shareList(list);
  let done = 0;
  const encodeOne = async (pairing: Pairing): Promise<EncodedPairing> => {
    const { to: counterpart, rowCount, counterpartRowCount } = pairing;
    requireRoom(list, rowCount);
    const path = vault.prepareBatch(round, counterpart);
    const { handles, place, ...written } =
      pool === undefined || shared === undefined
        ? encodeToFile(list, pairing, path, randomFillSync)
        : await pool.encodePairing({ list: shared, pairing, path });
    vault.writeHandleMap(round, counterpart, handleEntries(list, handles, place));
    onProgress?.(++done, pairings.length);
    const hidden = visibilityOf(list, Math.max(rowCount, counterpartRowCount)).filter((each) => each !== "found");
    return { counterpart, rowCount, ...written, hiddenRows: hidden.length };
  };
  try {
    // One that fails keeps no other from being written: each has given up its earlier handle map by now.
    const settled = await Promise.allSettled(pairings.map(encodeOne));
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

function pairingsOf(vault: Vault, round: string): Pairing[] {
  const { party } = vault.identity;
  const descriptor = vault.descriptor(round);
  const t1 = vault.transcript(round);
  const pairings = vault.pairings(round);
  if (descriptor === null || t1 === null || pairings === null)
    throw new LinkageError("round-state", `the keys of round ${round} are not agreed yet; run: aquila agree`);
  const provenanceSeed = vault.provenanceSeed(round);
  return pairings.map(({ counterpart, keyTag, keyId }) => {
    if (keyTag === null)
      throw new LinkageError(
        "round-state",
        `the pairing keys of round ${round} are destroyed; nothing more can be encoded`,
      );
    return {
      round,
      t1,
      from: party,
      to: counterpart,
      keyId,
      keyTag,
      rowCount: expectedRowCount(descriptor, party),
      counterpartRowCount: expectedRowCount(descriptor, counterpart),
      provenanceSeed,
    };
  });
}

function* handleEntries({ rows }: EncodedList, handles: Uint8Array, place: Uint32Array): Generator<HandleEntry> {
  let row = 0;
  for (const { refs, origins } of rows) {
    const from = (place[row++] as number) * HANDLE_BYTES;
    const handle = Buffer.from(handles.subarray(from, from + HANDLE_BYTES)).toString("base64url");
    yield origins.length === 0 ? { handle, refs } : { handle, refs, originTags: origins };
  }
}
