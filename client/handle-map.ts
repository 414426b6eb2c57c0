/**
 * The map from the handles of one batch to the party's own references: the only thing that can name a hit.
 * One JSON line for each row that stands for a record; filler rows have none.
 */
import { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import { Bytes16 } from "#engine/round/binary.ts";
import { inBuffers, readLines, replaceFile } from "./durable-file.ts";

const Reference = z.string().min(1).max(200);

export const HandleEntry = z.strictObject({
  handle: Bytes16,
  /** Own references of the records that the row stands for. */
  refs: z.array(Reference).min(1).max(10_000),
  /** Origin references of the row's records, at most four. */
  originTags: z.array(Reference).max(4).optional(),
});
export type HandleEntry = {
  readonly handle: string;
  readonly refs: readonly string[];
  readonly originTags?: readonly string[] | undefined;
};

/** Writes the map in bounded memory, replacing an earlier one. */
export function writeHandleLines(path: string, entries: Iterable<HandleEntry>): void {
  replaceFile(path, inBuffers(linesOf(entries)));
}

/**
 * @param wanted - Only these handles are kept; all when absent.
 * @returns Handle → own references.
 * @throws {@link LinkageError} `file-unreadable`; `vault-invalid` with the line's number if a line has another shape or
 * a kept handle is repeated.
 */
export function readHandleLines(path: string, wanted?: ReadonlySet<string>): Map<string, readonly string[]> {
  const references = new Map<string, readonly string[]>();
  let lineNumber = 0;
  for (const line of readLines(path)) {
    lineNumber++;
    const entry = parseEntry(line, path, lineNumber);
    if (references.has(entry.handle)) throw new LinkageError("vault-invalid", `${path}:${lineNumber} repeats a handle`);
    if (wanted === undefined || wanted.has(entry.handle)) references.set(entry.handle, entry.refs);
  }
  return references;
}

function* linesOf(entries: Iterable<HandleEntry>): Generator<string> {
  for (const { handle, refs, originTags } of entries)
    yield `${JSON.stringify(originTags === undefined ? { handle, refs } : { handle, refs, originTags })}\n`;
}

function parseEntry(line: string, path: string, lineNumber: number): HandleEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Without its cause: the parser's message quotes the line.
    throw new LinkageError("vault-invalid", `${path}:${lineNumber} is not JSON`);
  }
  const parsed = HandleEntry.safeParse(value);
  if (!parsed.success) throw new LinkageError("vault-invalid", `${path}:${lineNumber} is no handle entry`);
  return parsed.data;
}
