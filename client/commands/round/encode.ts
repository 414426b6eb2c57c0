/**
 * `aquila round encode`: a list becomes one batch for each counterpart of an agreed round, in the vault.
 */
import type { Command } from "commander";
import { encodeListInto, type EncodeSummary } from "../../encode-list.ts";
import type { Vault } from "../../vault.ts";
import { answer, jsonOption, roundOption, startBar, unlockVault, vaultOption, type CommandIo } from "../command-io.ts";
import { listFile, tellRefusals, withListOptions, type ListFileOptions } from "../list-options.ts";

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
      const encode = (): Promise<EncodeSummary> => encodeInto(io, path, options, vault, options.round);
      const summary = await vault.aloneIn(options.round, encode);
      answer(io, options.json, summary, summaryText(summary));
    });
}

/** As {@link encodeListInto}, with bars and what is refused on standard error. */
export async function encodeInto(
  io: CommandIo,
  path: string,
  options: ListFileOptions,
  vault: Vault,
  round: string,
): Promise<EncodeSummary> {
  let bar = startBar(io, options.json, `reading ${path}`);
  try {
    const summary = await encodeListInto(listFile(path, options), vault, round, io.now(), {
      reading: (done, total) => {
        bar.update(done, total);
      },
      read: (result) => {
        bar.stop();
        tellRefusals(io, path, result);
        if (result.list.rows.length > 0) bar = startBar(io, options.json, "encoding for counterparts");
      },
      encoding: (done, total) => {
        bar.update(done, total);
      },
    });
    const { records, declaredRecords } = summary;
    if (records < FEW * declaredRecords)
      io.stderr.write(
        `only ${records} records are encoded, and this party declared ${declaredRecords}: is it the whole list?\n`,
      );
    return summary;
  } finally {
    bar.stop();
  }
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
