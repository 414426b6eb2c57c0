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
import { decoysOf } from "#engine/round/decoys.ts";
import { Notice } from "#engine/round/notice.ts";
import type { HandleEntry } from "./handle-map.ts";
import type { Vault } from "./vault.ts";

/** Own cells that are written at once. */
const OWN_CELLS_PART_BYTES = 16 * 2 ** 20;

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
    throw new LinkageError("round-state", `the keys of round ${round} are not agreed yet; run: aquila round join`);
  const provenanceSeed = vault.provenanceSeed(round);
  const rowCount = expectedRowCount(descriptor, party);
  return pairings.map(({ counterpart, keyTag, keyProof, keyId }, at) => {
    if (keyTag === null)
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
    const decoys = decoysOf({ ...list.profile, informationMarginBits }, keyProof, [rowCount, counterpartRowCount]);
    const ownCells = ownCellParts((part, cells) => {
      vault.writeOwnCells(round, counterpart, part, cells);
    });
    const encoded = encodeBatch(list, pairing, randomFillSync, { decoys, keepOwnCells: ownCells.keep });
    const written = vault.writeBatch(round, counterpart, encoded.pieces);
    ownCells.finish();
    vault.keepDecoys(round, counterpart, encoded.decoyHandles);
    vault.writeHandleMap(round, counterpart, handleEntries(list, encoded));
    onProgress(at + 1, pairings.length);
    const largerRowCount = Math.max(rowCount, counterpartRowCount);
    const hidden = visibilityOf({ ...list, profile: { ...list.profile, informationMarginBits } }, largerRowCount).filter((visibility) => visibility !== "found");
    return { counterpart, rowCount, ...written, hiddenRows: hidden.length };
  });
}

/** Own cells come while the batch is written; they go to files of their own, few and bounded. */
function ownCellParts(write: (part: number, cells: Iterable<Uint8Array>) => void): {
  readonly keep: (cells: Uint8Array) => void;
  readonly finish: () => void;
} {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let part = 0;
  const finish = (): void => {
    write(part++, held);
    held = [];
    heldBytes = 0;
  };
  return {
    keep: (cells) => {
      held.push(cells);
      heldBytes += cells.length;
      if (heldBytes >= OWN_CELLS_PART_BYTES) finish();
    },
    finish,
  };
}

function* handleEntries(list: EncodedList, { handles, place }: EncodedBatch): Generator<HandleEntry> {
  let row = 0;
  for (const { refs, origins, handling } of list.rows) {
    const placed = place[row++] as number;
    const from = placed * HANDLE_BYTES;
    const handle = Buffer.from(handles.subarray(from, from + HANDLE_BYTES)).toString("base64url");
    yield {
      handle,
      refs: [...refs],
      row: placed,
      ...(origins.length === 0 ? {} : { origins: [...origins] }),
      ...(handling === "" ? {} : { handling: Notice.shape.handling.parse(handling) }),
    };
  }
}
