/**
 * From a list's file to a round's batches in the vault, with what that came to.
 */
import { LinkageError } from "#engine/errors.ts";
import { requireBeforeDeadline } from "#engine/round/descriptor.ts";
import { encodeRound, type EncodedPairing } from "./encode.ts";
import type { ReadListResult } from "./list.ts";
import { withListFile, type ListFile } from "./list-file.ts";
import type { Vault } from "./vault.ts";

/** What encoding a list for a round came to. */
export type EncodeSummary = {
  readonly records: number;
  readonly refused: number;
  /** Records of categories that the round does not admit. */
  readonly notAdmitted: number;
  readonly otherScripts: number;
  readonly rows: number;
  /** What the party said in the round's descriptor. */
  readonly declaredRecords: number;
  readonly batches: readonly EncodedPairing[];
};

/** Told on the way: bytes of the list, the list as it was read, counterparts. */
export type EncodeWatch = {
  readonly reading: (done: number, total: number) => void;
  readonly read: (result: ReadListResult) => void;
  readonly encoding: (done: number, total: number) => void;
};

/**
 * Encodes a list for every counterpart of a round, into the vault.
 *
 * @throws {@link LinkageError} `round-state` before the keys are agreed; `round-deadline`; `list-empty` if no record is left.
 */
export async function encodeListInto(
  list: ListFile,
  vault: Vault,
  round: string,
  now: Date,
  { reading, read, encoding }: EncodeWatch,
): Promise<EncodeSummary> {
  const descriptor = vault.descriptor(round);
  if (descriptor === null)
    throw new LinkageError("round-state", `the keys of round ${round} are not agreed yet; run: aquila round join`);
  if (vault.carriage(round)?.side === "outside")
    throw new LinkageError("round-state", `round ${round} is carried: the list is encoded in the vault inside`);
  requireBeforeDeadline(descriptor, "submission", now);
  const options = { categories: new Set(descriptor.categories), onProgress: reading };
  return withListFile(list, options, async (result) => {
    const { list: encoded, refusedCount, notAdmitted } = result;
    read(result);
    if (encoded.rows.length === 0)
      throw new LinkageError(
        "list-empty",
        `no record is left to encode: ${refusedCount} refused, ${notAdmitted} of categories that the round does not admit (a record without one counts as other)`,
      );
    const batches = await encodeRound(vault, round, encoded, { onProgress: encoding });
    const { records, otherScripts, rows } = encoded.report;
    const declaredRecords = descriptor.parties.find(({ id }) => id === vault.identity.party)?.declaredRecords ?? 0;
    return { records, refused: refusedCount, notAdmitted, otherScripts, rows, declaredRecords, batches };
  });
}
