/**
 * Options of commands that read a party's list, and what they tell of it.
 */
import { statSync } from "node:fs";
import { extname } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { z } from "zod";
import { ENCODINGS, type Encoding, type HeaderMap, type ListFormat } from "#engine/encode/read-list.ts";
import { PersonRecord, type PersonField } from "#engine/encode/person.ts";
import { encodeListFile, type ReadListResult } from "../list.ts";
import { spillStore } from "../spill.ts";
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

/** A list whose file is larger goes to encrypted temporary files while it is encoded. */
const SPILL_FROM_BYTES = 50_000_000;
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

/** Reads and encodes a list, telling on standard error what is refused. Calls `use` while the list's cells are there. */
export async function withEncodedList<T>(
  io: CommandIo,
  path: string,
  options: ListFileOptions,
  use: (result: ReadListResult) => T | Promise<T>,
  categories?: ReadonlySet<string>,
): Promise<T> {
  const format = listFormat(path, options);
  const spill = sizeOf(path) > SPILL_FROM_BYTES ? spillStore() : undefined;
  const bar = startBar(io, options.json, `reading ${path}`);
  try {
    const result = await encodeListFile(path, {
      format,
      strict: options.strict,
      categories,
      store: spill,
      onProgress: (bytesDone, bytesTotal) => {
        bar.update(bytesDone, bytesTotal);
      },
    });
    bar.stop();
    tellRefusals(io, path, result);
    return await use(result);
  } finally {
    bar.stop();
    spill?.close();
  }
}

function tellRefusals(io: CommandIo, path: string, { refused, refusedCount }: ReadListResult): void {
  for (const { detail } of refused.slice(0, SHOWN_REFUSALS)) io.stderr.write(`${path}: ${detail}\n`);
  if (refusedCount > 0) io.stderr.write(`${path}: ${refusedCount} records refused, the others taken\n`);
}

function oneCharacter(text: string): string {
  const character = text === "\\t" ? "\t" : text;
  if (character.length !== 1) throw new InvalidArgumentError("one character, or \\t");
  return character;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
