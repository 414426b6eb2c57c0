/**
 * The map from the handles of one batch to the party's own references: the only thing that can name a hit.
 * One JSON line for each row that stands for a record; filler rows have none.
 */
import { z } from "zod";
import { LinkageError } from "#engine/errors.ts";
import { Bytes16 } from "#engine/round/binary.ts";
import { Notice } from "#engine/round/notice.ts";
import { inBuffers, linesOf } from "./pieces.ts";

const Reference = z.string().min(1).max(200);

/** How every line begins. */
const LEAD = '{"handle":"';
const HANDLE_CHARACTERS = 22;

export const HandleEntry = z.strictObject({
  handle: Bytes16,
  /** Own references of the records that the row stands for. */
  refs: z.array(Reference).min(1).max(10_000),
  /** Row of the batch. */
  row: z.int().min(0).max(0xffff_ffff),
  /** Origin references of the row's records, at most four. */
  origins: z.array(Reference).max(4).optional(),
  accuracy: Notice.shape.accuracy.optional(),
  reliability: Notice.shape.reliability.optional(),
  handling: Notice.shape.handling.optional(),
  riskIndicators: Notice.shape.riskIndicators.optional(),
});
export type HandleEntry = z.infer<typeof HandleEntry>;

/** @returns The map as it is written, in bounded memory. */
export function handleLines(entries: Iterable<HandleEntry>): Generator<Uint8Array> {
  return inBuffers(entryLines(entries));
}

/**
 * @param what - How the map is called in a refusal's detail.
 * @param wanted - Only these handles are kept; all when absent.
 * @returns Handle → what it stands for.
 * @throws {@link LinkageError} `vault-invalid` with the line's number if a line has another shape or
 * a kept handle is repeated.
 */
export function readHandleLines(
  pieces: Iterable<Uint8Array>,
  what: string,
  wanted?: ReadonlySet<string>,
): Map<string, HandleEntry> {
  const references = new Map<string, HandleEntry>();
  let lineNumber = 0;
  for (const line of linesOf(pieces)) {
    lineNumber++;
    // Most lines are of no hit: they are not read further than their handle.
    if (
      wanted !== undefined &&
      line.startsWith(LEAD) &&
      !wanted.has(line.slice(LEAD.length, LEAD.length + HANDLE_CHARACTERS))
    )
      continue;
    const entry = parseEntry(line, `${what}, line ${lineNumber}`);
    if (references.has(entry.handle))
      throw new LinkageError("vault-invalid", `${what}, line ${lineNumber} repeats a handle`);
    if (wanted === undefined || wanted.has(entry.handle)) references.set(entry.handle, entry);
  }
  return references;
}

function* entryLines(entries: Iterable<HandleEntry>): Generator<string> {
  for (const entry of entries) yield `${JSON.stringify(entry)}\n`;
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
