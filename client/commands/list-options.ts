/**
 * Options of commands that read a party's list, and what they tell of it.
 */
import { extname } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { z } from "zod";
import { ENCODINGS, type Encoding, type HeaderMap, type ListFormat } from "#engine/encode/read-list.ts";
import { PersonRecord, type PersonField } from "#engine/encode/person.ts";
import type { ReadListResult } from "../list.ts";
import { withListFile, type ListFile } from "../list-file.ts";
import { readJsonFile, startBar, type CommandIo } from "./command-io.ts";

export type ListFileOptions = {
  readonly encoding: Encoding;
  readonly delimiter: string;
  readonly map?: string;
  readonly strict: boolean;
  readonly json: boolean;
};

const FieldName = z.enum(Object.keys(PersonRecord.shape) as [PersonField, ...PersonField[]]);
const HeaderMapFile = z.record(z.string().max(200), FieldName.nullable());

const SHOWN_REFUSALS = 20;

/** Adds --encoding, --delimiter, --map and --strict. */
export function withListOptions(command: Command): Command {
  return command
    .addOption(new Option("--encoding <name>", "encoding of the file").choices(ENCODINGS).default("utf-8"))
    .option(
      "--delimiter <character>",
      "what separates the columns of a CSV file; write \\t for a tab",
      oneCharacter,
      ",",
    )
    .option("--map <file>", 'JSON file that maps CSV headers to fields, {"surname": "family_name", "note": null}')
    .option("--strict", "stop at the first bad record instead of leaving it out", false);
}

/** How the file is to be read; CSV by its ending, JSONL else. */
export function listFormat(path: string, options: ListFileOptions): ListFormat {
  const headerMap: HeaderMap =
    options.map === undefined ? {} : readJsonFile(options.map, HeaderMapFile, "list-header-unknown");
  const kind = extname(path).toLowerCase() === ".csv" ? "csv" : "jsonl";
  return { kind, encoding: options.encoding, delimiter: options.delimiter, headerMap };
}

/** The list as a command names it. */
export function listFile(path: string, options: ListFileOptions): ListFile {
  return { path, format: listFormat(path, options), strict: options.strict };
}

/** As {@link withListFile}, telling on standard error what is refused. */
export async function withEncodedList<T>(
  io: CommandIo,
  path: string,
  options: ListFileOptions,
  use: (result: ReadListResult) => T | Promise<T>,
  categories?: ReadonlySet<string>,
): Promise<T> {
  const bar = startBar(io, options.json, `reading ${path}`);
  const onProgress = (bytesDone: number, bytesTotal: number): void => {
    bar.update(bytesDone, bytesTotal);
  };
  try {
    return await withListFile(listFile(path, options), { onProgress, categories }, (result) => {
      bar.stop();
      tellRefusals(io, path, result);
      return use(result);
    });
  } finally {
    bar.stop();
  }
}

export function tellRefusals(io: CommandIo, path: string, { refused, refusedCount }: ReadListResult): void {
  for (const { detail } of refused.slice(0, SHOWN_REFUSALS)) io.stderr.write(`${path}: ${detail}\n`);
  if (refusedCount > 0) io.stderr.write(`${path}: ${refusedCount} records refused, the others taken\n`);
}

function oneCharacter(text: string): string {
  const character = text === "\\t" ? "\t" : text;
  if (character.length !== 1) throw new InvalidArgumentError("one character, or \\t");
  return character;
}
