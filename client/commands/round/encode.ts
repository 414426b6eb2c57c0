/**
 * `aquila round encode`: a list becomes one batch for each counterpart of an agreed round, in the vault.
 */
import type { Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { requireBeforeDeadline } from "#engine/round/descriptor.ts";
import { encodeRound, type EncodedPairing } from "../../encode.ts";
import type { ReadListResult } from "../../list.ts";
import type { Vault } from "../../vault.ts";
import { answer, jsonOption, roundOption, startBar, unlockVault, vaultOption, type CommandIo } from "../command-io.ts";
import { withEncodedList, withListOptions, type ListFileOptions } from "../list-options.ts";

/** Fewer records than this part of what was declared are warned of. */
const FEW = 0.5;

type EncodeOptions = ListFileOptions & { readonly vault: string; readonly round: string };

export function registerEncode(round: Command, io: CommandIo): void {
  withListOptions(round.command("encode"))
    .description("encode a list for every counterpart of a round whose keys are agreed; talks to nobody")
    .argument("<list>", "JSONL or CSV")
    .addOption(vaultOption())
    .addOption(roundOption())
    .addOption(jsonOption())
    .action(async (path: string, options: EncodeOptions) => {
      using vault = await unlockVault(io, options.vault);
      const summary = await encodeInto(io, path, options, vault, options.round);
      answer(io, options.json, summary, summaryText(summary));
    });
}

/** What encoding a list for a round came to. */
type EncodeSummary = {
  readonly records: number;
  readonly refused: number;
  /** Records of categories that the round does not admit. */
  readonly notAdmitted: number;
  readonly otherScripts: number;
  readonly rows: number;
  readonly batches: readonly EncodedPairing[];
};

/**
 * Encodes a list for every counterpart of a round, into the vault.
 *
 * @throws {@link LinkageError} `round-state` before the keys are agreed; `round-deadline`; `list-empty` if no record is left.
 */
export async function encodeInto(
  io: CommandIo,
  path: string,
  options: ListFileOptions,
  vault: Vault,
  round: string,
): Promise<EncodeSummary> {
  const descriptor = vault.descriptor(round);
  if (descriptor === null)
    throw new LinkageError("round-state", `the keys of round ${round} are not agreed yet; run: aquila round join`);
  if (vault.carriage(round)?.side === "outside")
    throw new LinkageError("round-state", `round ${round} is carried: the list is encoded in the vault inside`);
  requireBeforeDeadline(descriptor, "submission", io.now());
  const encode = async ({ list, refusedCount, notAdmitted }: ReadListResult): Promise<EncodeSummary> => {
    if (list.rows.length === 0)
      throw new LinkageError(
        "list-empty",
        `no record is left to encode: ${refusedCount} refused, ${notAdmitted} of categories that the round does not admit (a record without one counts as other)`,
      );
    const bar = startBar(io, options.json, "encoding for counterparts");
    const batches = await encodeRound(vault, round, list, {
      onProgress: (done, total) => {
        bar.update(done, total);
      },
    }).finally(() => {
      bar.stop();
    });
    const { records, otherScripts, rows } = list.report;
    const declared = descriptor.parties.find(({ id }) => id === vault.identity.party)?.declaredRecords ?? 0;
    if (records < FEW * declared)
      io.stderr.write(
        `only ${records} records are encoded, and this party declared ${declared}: is it the whole list?\n`,
      );
    return { records, refused: refusedCount, notAdmitted, otherScripts, rows, batches };
  };
  return withEncodedList(io, path, options, encode, new Set(descriptor.categories));
}

export function summaryText({ records, refused, notAdmitted, otherScripts, rows, batches }: EncodeSummary): string {
  return [
    `${records} records encoded as ${rows} rows; ${refused} refused, ${notAdmitted} of categories that the round does not admit`,
    ...(otherScripts === 0
      ? []
      : [`${otherScripts} records have a name in a script other than Latin, Greek or Cyrillic`]),
    ...batches.map(
      ({ counterpart, rowCount, byteLength, hiddenRows }) =>
        `for ${counterpart}: ${rowCount} rows with padding, ${byteLength} bytes; ${hiddenRows} rows cannot be found`,
    ),
  ].join("\n");
}
