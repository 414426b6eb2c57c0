/**
 * `aquila link`: a whole round between two files in one process.
 */
import type { Command } from "commander";
import { stringify } from "csv-stringify/sync";
import { replaceFile } from "../durable-file.ts";
import { linkLists, type LinkedPair } from "../link.ts";
import { RESULT_NOTE } from "../results.ts";
import { answer, jsonOption, type CommandIo } from "./command-io.ts";
import { withEncodedList, withListOptions, type ListFileOptions } from "./list-options.ts";

type LinkOptions = ListFileOptions & { readonly out: string };

const PAIRS_A_PIECE = 10_000;

export function registerLink(program: Command, io: CommandIo): void {
  withListOptions(program.command("link"))
    .description(
      "run a whole round between two lists in this process, under a random key, and write every candidate pair",
    )
    .argument("<list-a>", "JSONL or CSV")
    .argument("<list-b>", "JSONL or CSV")
    .requiredOption("--out <file>", "CSV: ref_a,ref_b,weight_bits,probability,band; highest weight first")
    .addOption(jsonOption())
    .action(async (pathA: string, pathB: string, options: LinkOptions) => {
      await withEncodedList(io, pathA, options, (a) =>
        withEncodedList(io, pathB, options, (b) => {
          const { pairs, bridgingRows, rows, prior, forecast } = linkLists(a.list, b.list);
          replaceFile(options.out, csvPieces(pairs));
          const counts = { high: 0, medium: 0, low: 0, none: 0 };
          for (const { band } of pairs) counts[band]++;
          const summary = {
            recordsA: a.list.report.records,
            recordsB: b.list.report.records,
            refused: a.refusedCount + b.refusedCount,
            mergedA: a.list.report.merged,
            mergedB: b.list.report.merged,
            candidatePairs: pairs.length,
            ...counts,
            bridgingRows,
            rows,
            matchesPerRow: prior.matchesPerRow,
            forecast,
            out: options.out,
          };
          answer(
            io,
            options.json,
            summary,
            `${summary.recordsA} and ${summary.recordsB} records (${summary.mergedA} and ${summary.mergedB} own duplicates merged, ${summary.refused} refused)\n` +
              `${pairs.length} candidate pairs: high ${counts.high}, medium ${counts.medium}, low ${counts.low}, none ${counts.none}\n` +
              `coincidences that lists of these sizes let expect: high ${forecast.high.toFixed(1)}, medium ${forecast.medium.toFixed(1)}, low ${forecast.low.toFixed(1)}\n` +
              `${bridgingRows} of ${rows} rows bridge (${((100 * bridgingRows) / Math.max(rows, 1)).toFixed(2)} %)\n` +
              `each pair is a ${RESULT_NOTE}\n` +
              `written to ${options.out}`,
          );
        }),
      );
    });
}

function* csvPieces(pairs: readonly LinkedPair[]): Generator<Uint8Array> {
  yield Buffer.from("ref_a,ref_b,weight_bits,probability,band\n");
  for (let at = 0; at < pairs.length; at += PAIRS_A_PIECE) {
    const rows = pairs
      .slice(at, at + PAIRS_A_PIECE)
      .map(({ refA, refB, weightBits, probability, band }) => [
        refA,
        refB,
        weightBits.toFixed(6),
        probability.toFixed(6),
        band,
      ]);
    yield Buffer.from(stringify(rows));
  }
}
