/**
 * `aquila encode`: a list becomes one batch for each counterpart of an agreed round, in the vault.
 */
import type { Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { encodeRound } from "../encode.ts";
import type { ReadListResult } from "../list.ts";
import { openVault } from "../vault.ts";
import { answer, jsonOption, roundOption, startBar, vaultOption, type CommandIo } from "./command-io.ts";
import { withEncodedList, withListOptions, type ListFileOptions } from "./list-options.ts";

type EncodeOptions = ListFileOptions & { readonly vault: string; readonly round: string };

export function registerEncode(program: Command, io: CommandIo): void {
  withListOptions(program.command("encode"))
    .description("encode a list for every counterpart of a round whose keys are agreed; talks to nobody")
    .argument("<list>", "JSONL or CSV")
    .addOption(vaultOption())
    .addOption(roundOption())
    .addOption(jsonOption())
    .action(async (path: string, options: EncodeOptions) => {
      const vault = openVault(options.vault);
      const descriptor = vault.descriptor(options.round);
      if (descriptor === null)
        throw new LinkageError(
          "round-state",
          `the keys of round ${options.round} are not agreed yet; run: aquila agree`,
        );
      const encode = async ({ list, refusedCount, notAdmitted }: ReadListResult): Promise<void> => {
        if (list.rows.length === 0)
          throw new LinkageError(
            "list-empty",
            `no record is left to encode: ${refusedCount} refused, ${notAdmitted} of categories that the round does not admit (a record without one counts as other)`,
          );
        const bar = startBar(io, options.json, "encoding for counterparts");
        const onProgress = (done: number, total: number): void => {
          bar.update(done, total);
        };
        const batches = await encodeRound(vault, options.round, list, { onProgress }).finally(() => {
          bar.stop();
        });
        const summary = {
          records: list.report.records,
          refused: refusedCount,
          notAdmitted,
          otherScripts: list.report.otherScripts,
          rows: list.report.rows,
          batches: batches.map((batch) => ({ ...batch })),
        };
        answer(
          io,
          options.json,
          summary,
          [
            `${summary.records} records encoded as ${summary.rows} rows; ${refusedCount} refused, ${notAdmitted} of categories that the round does not admit`,
            `${summary.otherScripts} records have a name in a script other than Latin, Greek or Cyrillic`,
            ...batches.map(
              ({ counterpart, rowCount, byteLength, hiddenRows }) =>
                `for ${counterpart}: ${rowCount} rows with padding, ${byteLength} bytes; ${hiddenRows} rows cannot be found`,
            ),
          ].join("\n"),
        );
      };
      await withEncodedList(io, path, options, encode, new Set(descriptor.categories));
    });
}
