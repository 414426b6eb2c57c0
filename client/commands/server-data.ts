/**
 * `aquila server backup`, `restore` and `check`: the data folder of a configuration, copied, put back and looked through.
 */
import type { Command } from "commander";
import { backUp, restore, type Backup } from "#server/backup.ts";
import { readConfig, readRoster } from "#server/config.ts";
import { checkStore } from "#server/store-check.ts";
import { answer, EXIT, jsonOption, type CommandIo } from "./command-io.ts";

type DataOptions = { readonly config: string; readonly json: boolean };

export function registerServerData(server: Command, io: CommandIo): void {
  withConfig(server.command("backup").description("copy the data folder, without any key; the server may run"))
    .requiredOption("--out <folder>", "new folder")
    .action(async (options: DataOptions & { readonly out: string }) => {
      const backup = await backUp(readConfig(options.config).dataDir, options.out, io.now());
      answer(io, options.json, countsOf(backup), `${textOf(backup)} in ${options.out}`);
    });
  withConfig(
    server
      .command("restore")
      .description("put a backup back into an empty data folder, once its digests hold")
      .argument("<folder>", "what aquila server backup wrote"),
  ).action(async (folder: string, options: DataOptions) => {
    const { dataDir } = readConfig(options.config);
    const backup = await restore(folder, dataDir);
    const text = [
      `${textOf(backup)} put back in ${dataDir}, as of ${backup.at}`,
      "",
      "If the audit log has gone on since, the server refuses to start: tell all parties and the data-protection officer,",
      "then start it once with --accept-restored-log. docs/operations.md says what becomes of rounds under way.",
    ].join("\n");
    answer(io, options.json, countsOf(backup), text);
  });
  withConfig(
    server
      .command("check")
      .description("look whether everything stored is there and can be read; the server is stopped"),
  ).action(async (options: DataOptions) => {
    const { dataDir, serverKeyFile, rosterFile } = readConfig(options.config);
    const { secretariat } = readRoster(rosterFile);
    const check = await checkStore({ dataDir, serverKeyFile, secretariat });
    const { rounds, files, opened, entries, orphans, faults } = check;
    const text = [
      `${rounds} rounds not erased, ${files} encrypted files, ${opened} of them opened; ${entries} entries of the audit log`,
      `${orphans} files that nothing names`,
      ...(faults.length === 0 ? ["all is well"] : faults.map((fault) => `WRONG: ${fault}`)),
    ].join("\n");
    answer(io, options.json, check, text);
    if (faults.length > 0) io.endWith(EXIT.badInput);
  });
}

function withConfig(command: Command): Command {
  return command.requiredOption("--config <file>", "the server's configuration").addOption(jsonOption());
}

function countsOf({ at, entries, files }: Backup): { at: string; entries: number; files: number; bytes: number } {
  return { at, entries, files: files.length, bytes: bytesOf(files) };
}

function textOf({ entries, files }: Backup): string {
  return `database of ${entries} entries and ${files.length - 1} encrypted files, ${bytesOf(files)} bytes,`;
}

function bytesOf(files: Backup["files"]): number {
  return files.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
