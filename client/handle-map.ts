/**
 * The map from the handles of one batch to the party's own references: the only thing that can name a hit.
 * One JSON line for each row that stands for a record; filler rows have none.
 */
import { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import { Bytes16 } from "#engine/round/binary.ts";
import { inBuffers, linesOf } from "./pieces.ts";

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

/** @returns The map as it is written, in bounded memory. */
export function handleLines(entries: Iterable<HandleEntry>): Generator<Uint8Array> {
  return inBuffers(entryLines(entries));
}

/**
 * @param what - How the map is called in a refusal's detail.
 * @param wanted - Only these handles are kept; all when absent.
 * @returns Handle → own references.
 * @throws {@link LinkageError} `vault-invalid` with the line's number if a line has another shape or
 * a kept handle is repeated.
 */
export function readHandleLines(
  pieces: Iterable<Uint8Array>,
  what: string,
  wanted?: ReadonlySet<string>,
): Map<string, readonly string[]> {
  const references = new Map<string, readonly string[]>();
  let lineNumber = 0;
  for (const line of linesOf(pieces)) {
    lineNumber++;
    const entry = parseEntry(line, `${what}, line ${lineNumber}`);
    if (references.has(entry.handle))
      throw new LinkageError("vault-invalid", `${what}, line ${lineNumber} repeats a handle`);
    if (wanted === undefined || wanted.has(entry.handle)) references.set(entry.handle, entry.refs);
  }
  return references;
}

function* entryLines(entries: Iterable<HandleEntry>): Generator<string> {
  for (const { handle, refs, originTags } of entries)
    yield `${JSON.stringify(originTags === undefined ? { handle, refs } : { handle, refs, originTags })}\n`;
}

function parseEntry(line: string, where: string): HandleEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Without its cause: the parser's message quotes the line.
    throw new LinkageError("vault-invalid", `${where} is not JSON`);
  }
  const parsed = HandleEntry.safeParse(value);
  if (!parsed.success) throw new LinkageError("vault-invalid", `${where} is no handle entry`);
  return parsed.data;
}
