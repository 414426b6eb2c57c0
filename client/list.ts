/**
 * Reading and encoding a party's list from a file.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { cellMaker } from "#engine/encode/cells.ts";
import { memoryCellStore, type CellStore } from "#engine/encode/cell-store.ts";
import { shippedTable } from "#engine/encode/information.ts";
import { listEncoder, type EncodedList } from "#engine/encode/list.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import { readList, type ListFormat } from "#engine/encode/read-list.ts";
import { LinkageError } from "#engine/errors.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { Profile } from "#engine/profile.ts";

export type ListOptions = {
  readonly format: ListFormat;
  /** Stop at the first refused record. */
  readonly strict: boolean;
  /** Data-subject categories that the round admits, a record without one counting as `other`; undefined admits all. */
  readonly categories?: ReadonlySet<string> | undefined;
  readonly store?: CellStore | undefined;
  readonly profile?: Profile | undefined;
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
};

export type ReadListResult = {
  readonly list: EncodedList;
  readonly refused: readonly LinkageError[];
  readonly refusedCount: number;
  /** Records of categories that the round does not admit. */
  readonly notAdmitted: number;
};

const MAX_REFUSALS_KEPT = 1000;

/**
 * @throws {@link LinkageError} `file-unreadable`, the codes of reading a list, and with `strict` the first `record-invalid`.
 */
export async function encodeListFile(path: string, options: ListOptions): Promise<ReadListResult> {
  const profile = options.profile ?? SHIPPED_PROFILE;
  const makeCells = await cellMaker(profile, shippedTable(profile.frequencyTable));
  const encoder = listEncoder(profile, makeCells, options.store ?? memoryCellStore());
  const refused: LinkageError[] = [];
  const seen = new Set<string>();
  let refusedCount = 0;
  let notAdmitted = 0;
  const refuse = (problem: LinkageError): void => {
    if (options.strict) throw problem;
    refusedCount++;
    if (refused.length < MAX_REFUSALS_KEPT) refused.push(problem);
  };
  for await (const line of readList(fileBytes(path, options.onProgress), options.format)) {
    if ("refused" in line) refuse(line.refused);
    else if (seen.has(line.record.rec_id))
      refuse(new LinkageError("record-invalid", `line ${line.line}: rec_id: the same reference occurs earlier`));
    else {
      seen.add(line.record.rec_id);
      if (admits(options.categories, line.record)) encoder.add(line.record);
      else notAdmitted++;
    }
  }
  return { list: encoder.finish(), refused, refusedCount, notAdmitted };
}

/**
 * Reads a list again for some of its records.
 *
 * @returns Those with these references, each once, in the list's order.
 */
export async function findRecords(
  path: string,
  format: ListFormat,
  refs: ReadonlySet<string>,
): Promise<PersonRecord[]> {
  const found = new Map<string, PersonRecord>();
  for await (const line of readList(fileBytes(path, undefined), format)) {
    if (!("record" in line) || !refs.has(line.record.rec_id) || found.has(line.record.rec_id)) continue;
    found.set(line.record.rec_id, line.record);
    if (found.size === refs.size) break;
  }
  return [...found.values()];
}

function admits(categories: ReadonlySet<string> | undefined, { category }: PersonRecord): boolean {
  return categories === undefined || categories.has(category === "" ? "other" : category);
}

async function* fileBytes(path: string, onProgress: ListOptions["onProgress"]): AsyncGenerator<Uint8Array> {
  try {
    const bytesTotal = (await stat(path)).size;
    let bytesDone = 0;
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
      bytesDone += chunk.length;
      yield chunk;
      onProgress?.(bytesDone, bytesTotal);
    }
  } catch (cause) {
    throw new LinkageError("file-unreadable", `cannot read ${path}`, { cause });
  }
}
