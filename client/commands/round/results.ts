/**
 * `aquila results`: fetches, opens and names a round's hits.
 */
import { extname } from "node:path";
import type { Command } from "commander";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { createFile } from "../../durable-file.ts";
import { fetchResults, RESULT_NOTE, resultsCsv, resultsJson, type ResultRow } from "../../results.ts";
import {
  answer,
  connectWith,
  jsonOption,
  roundOption,
  serverOption,
  unlockVault,
  vaultOption,
  type CommandIo,
} from "../command-io.ts";

type ResultsOptions = {
  readonly server: string;
  readonly vault: string;
  readonly round: string;
  readonly out?: string;
  readonly json: boolean;
};

export function registerResults(program: Command, io: CommandIo): void {
  program
    .command("results")
    .description(`fetch a round's hits and name them by the party's own references. A hit is a ${RESULT_NOTE}`)
    .addOption(serverOption())
    .addOption(vaultOption())
    .addOption(roundOption())
    .option("--out <file>", "write them to a new file, mode 600: .json as JSON, anything else as CSV")
    .addOption(jsonOption())
    .action(async (options: ResultsOptions) => {
      using vault = await unlockVault(io, options.vault);
      const connection = connectWith(io, options.server, vault.identity);
      const rows = await fetchResults(connection, vault, options.round, SHIPPED_PROFILE);
      if (options.out !== undefined) {
        const asJson = extname(options.out) === ".json";
        createFile(options.out, [Buffer.from(asJson ? resultsJson(options.round, rows) : resultsCsv(rows))]);
      }
      const hits = options.out === undefined ? { hits: rows } : { out: options.out };
      const value = { note: RESULT_NOTE, round: options.round, count: countsOf(rows), ...hits };
      answer(io, options.json, value, resultsText(options, rows));
    });
}

function countsOf(rows: readonly ResultRow[]): Record<ResultRow["band"], number> {
  const counts = { high: 0, medium: 0, low: 0 };
  for (const row of rows) counts[row.band]++;
  return counts;
}

function resultsText(options: ResultsOptions, rows: readonly ResultRow[]): string {
  const { high, medium, low } = countsOf(rows);
  const summary = `round ${options.round}: ${rows.length} hits (high ${high}, medium ${medium}, low ${low}); each is a ${RESULT_NOTE}\n`;
  if (options.out !== undefined) return `${summary}written to ${options.out}\n`;
  const lines = rows.map((row) => `${row.band.padEnd(6)}  ${row.counterpart.padEnd(8)}  ${row.refs.join(" | ")}\n`);
  return summary + lines.join("");
}
