/**
 * Reading and encoding a party's list from a file.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { cellMaker, type CellMaker } from "#engine/encode/cells.ts";
import { memoryCellStore, type CellStore } from "#engine/encode/cell-store.ts";
import { shippedTable } from "#engine/encode/information.ts";
import { listEncoder, type EncodedList, type ListEncoder } from "#engine/encode/list.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import { readLines, readList, type ListFormat } from "#engine/encode/read-list.ts";
import { LinkageError } from "#engine/errors.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { Profile } from "#engine/profile.ts";
import { lineEncoder, type EncodedLines } from "./encoded-lines.ts";
import { encodedParts } from "./list-parts.ts";
import { SeenReferences } from "./seen-references.ts";
import { openListPool } from "./workers/pool.ts";

export type ListOptions = {
  readonly format: ListFormat;
  /** Stop at the first refused record. */
  readonly strict: boolean;
  /** Data-subject categories that the round admits, a record without one counting as `other`; undefined admits all. */
  readonly categories?: ReadonlySet<string> | undefined;
  readonly store?: CellStore | undefined;
  readonly profile?: Profile | undefined;
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
  /** Threads for a list of more than 20,000 records; none if 0, one for each processor but four at most when left out. */
  readonly workers?: number | undefined;
};

export type ReadListResult = {
  readonly list: EncodedList;
  readonly refused: readonly LinkageError[];
  readonly refusedCount: number;
  /** Records of categories that the round does not admit. */
  readonly notAdmitted: number;
};

const MAX_REFUSALS_KEPT = 1000;
const MOST_WORKERS = 4;

/**
 * @returns The same for any number of workers.
 * @throws {@link LinkageError} `file-unreadable`, the codes of reading a list, and with `strict` the first `record-invalid`.
 */
export async function encodeListFile(path: string, options: ListOptions): Promise<ReadListResult> {
  const profile = options.profile ?? SHIPPED_PROFILE;
  const makeCells = await cellMaker(profile, shippedTable(profile.frequencyTable));
  const encoder = listEncoder(profile, makeCells, options.store ?? memoryCellStore());
  // The references seen are gone before the list is finished: both take much room.
  const counts = await encodeRecords(path, options, profile, makeCells, encoder);
  return { list: encoder.finish(), ...counts };
}

async function encodeRecords(
  path: string,
  { categories, format, onProgress, strict, workers = Math.min(availableParallelism(), MOST_WORKERS) }: ListOptions,
  profile: Profile,
  makeCells: CellMaker,
  encoder: ListEncoder,
): Promise<Omit<ReadListResult, "list">> {
  const refused: LinkageError[] = [];
  const seen = new SeenReferences();
  let refusedCount = 0;
  let notAdmitted = 0;
  const refuse = (problem: LinkageError): void => {
    if (strict) throw problem;
    refusedCount++;
    if (refused.length < MAX_REFUSALS_KEPT) refused.push(problem);
  };
  const take = (part: EncodedLines): void => {
    const keeps: boolean[] = [];
    let nextRefused = 0;
    const refuseBefore = (line: number): void => {
      for (let found = part.refused[nextRefused]; found !== undefined && found.line < line;) {
        refuse(new LinkageError(found.code, found.detail));
        found = part.refused[++nextRefused];
      }
    };
    part.refs.forEach((ref, at) => {
      const line = part.lines[at] as number;
      refuseBefore(line);
      const isNew = seen.add(ref);
      if (!isNew) refuse(new LinkageError("record-invalid", `line ${line}: rec_id: the same reference occurs earlier`));
      if (part.admitted[at] === 1) keeps.push(isNew);
      else if (isNew) notAdmitted++;
    });
    refuseBefore(Infinity);
    encoder.append(part.encoded, (position) => keeps[position] === true);
  };
  const parts = encodedParts(readLines(fileBytes(path, onProgress), format), {
    here: lineEncoder(profile, makeCells, categories),
    openPool: workers === 0 ? undefined : () => openListPool(workers, profile, categories),
  });
  for await (const part of parts) take(part);
  return { refused, refusedCount, notAdmitted };
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
