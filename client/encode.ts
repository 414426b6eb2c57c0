/**
 * A party's batches for one round: one for each counterpart, from a list that is encoded once.
 * In: an agreed round in the vault and an encoded list. Out: batch files and handle maps in the vault.
 */
import { randomFillSync } from "node:crypto";
import { HANDLE_BYTES } from "#engine/batch/layout.ts";
import { encodeBatch, type EncodedBatch } from "#engine/encode/encode-batch.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { visibilityOf } from "#engine/encode/visibility.ts";
import { LinkageError } from "#engine/errors.ts";
import { expectedRowCount } from "#engine/round/descriptor.ts";
import type { HandleEntry } from "./handle-map.ts";
import type { Vault } from "./vault.ts";

export type EncodedPairing = {
  readonly counterpart: string;
  readonly rowCount: number;
  readonly byteLength: number;
  readonly digest: string;
  /** Rows none of whose keys is both unique and telling: they cannot be found in this pairing. */
  readonly hiddenRows: number;
};

/**
 * Encodes the list for every counterpart of the round.
 *
 * @param onProgress - Called after each counterpart.
 * @throws {@link LinkageError} `round-state` when the keys are not agreed yet or are destroyed; `batch-too-large`.
 */
export function encodeRound(
  vault: Vault,
  round: string,
  list: EncodedList,
  onProgress: (done: number, total: number) => void = () => undefined,
): EncodedPairing[] {
  const { party } = vault.identity;
  const descriptor = vault.descriptor(round);
  const t1 = vault.transcript(round);
  const pairings = vault.pairings(round);
  if (descriptor === null || t1 === null || pairings === null)
    throw new LinkageError("round-state", `the keys of round ${round} are not agreed yet; run: aquila agree`);
  const provenanceSeed = vault.provenanceSeed(round);
  return pairings.map(({ counterpart, keyTag, keyId }, at) => {
    if (keyTag === null)
      throw new LinkageError(
        "round-state",
        `the pairing keys of round ${round} are destroyed; nothing more can be encoded`,
      );
    const rowCount = expectedRowCount(descriptor, party);
    const encoded = encodeBatch(
      list,
      {
        round,
        t1,
        from: party,
        to: counterpart,
        keyId,
        keyTag,
        rowCount,
        counterpartRowCount: expectedRowCount(descriptor, counterpart),
        provenanceSeed,
      },
      randomFillSync,
    );
    const written = vault.writeBatch(round, counterpart, encoded.pieces);
    vault.writeHandleMap(round, counterpart, handleEntries(list, encoded));
    onProgress(at + 1, pairings.length);
    const largerRowCount = Math.max(rowCount, expectedRowCount(descriptor, counterpart));
    const hidden = visibilityOf(list, largerRowCount).filter((visibility) => visibility !== "found");
    return { counterpart, rowCount, ...written, hiddenRows: hidden.length };
  });
}

function* handleEntries(list: EncodedList, { handles, place }: EncodedBatch): Generator<HandleEntry> {
  let row = 0;
  for (const { refs, origins } of list.rows) {
    const from = (place[row++] as number) * HANDLE_BYTES;
    const handle = Buffer.from(handles.subarray(from, from + HANDLE_BYTES)).toString("base64url");
    yield origins.length === 0 ? { handle, refs } : { handle, refs, originTags: origins };
  }
}
