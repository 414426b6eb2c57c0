/**
 * A list's lines in parts, encoded here or by workers, and given in the list's order either way.
 */
import type { UnreadLine } from "#engine/encode/read-list.ts";
import type { EncodedLines, LineEncoder } from "./encoded-lines.ts";
import type { ListPool } from "./workers/pool.ts";

/** Lines of a part, at most. */
const PART_LINES = 1024;
/** Characters of a part's JSON, about; a line may have a million. */
const PART_CHARACTERS = 1_000_000;
/** A list of more parts, over 20,000 records, goes to workers: a shorter one is encoded before they have started. */
const PARTS_WITHOUT_WORKERS = 20;
/** Parts under way for each worker, so that none waits for the next one. */
const PARTS_AHEAD = 2;

export type PartEncoders = {
  readonly here: LineEncoder;
  /** Undefined to do without workers. */
  readonly openPool: (() => ListPool) | undefined;
};

/**
 * Encodes the lines, part by part.
 *
 * @returns Parts in order. What reading throws comes after the parts before it.
 */
export async function* encodedParts(
  lines: AsyncIterable<UnreadLine>,
  { here, openPool }: PartEncoders,
): AsyncGenerator<EncodedLines> {
  const waiting: UnreadLine[][] = [];
  const underWay: Promise<EncodedLines>[] = [];
  let pool: ListPool | undefined;
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const part of partsOf(lines)) {
      if ("error" in part) failure = part;
      else waiting.push(part.unread);
      if (openPool !== undefined && waiting.length > PARTS_WITHOUT_WORKERS) pool ??= openPool();
      if (pool === undefined && openPool !== undefined) continue;
      for (const unread of waiting.splice(0)) {
        if (pool === undefined) yield here(unread);
        else underWay.push(started(pool, unread));
      }
      while (pool !== undefined && underWay.length > pool.workers * PARTS_AHEAD) yield* await next(underWay);
    }
    for (const unread of waiting) yield here(unread);
    while (underWay.length > 0) yield* await next(underWay);
    if (failure !== undefined) throw failure.error;
  } finally {
    await pool?.close();
  }
}

/** Its failure is thrown where the part is awaited, and not where nobody listens. */
function started(pool: ListPool, unread: readonly UnreadLine[]): Promise<EncodedLines> {
  const part = pool.encodeLines(unread);
  part.catch(() => undefined);
  return part;
}

async function next(underWay: Promise<EncodedLines>[]): Promise<EncodedLines[]> {
  const part = underWay.shift();
  return part === undefined ? [] : [await part];
}

type Part = { readonly unread: UnreadLine[] } | { readonly error: unknown };

/** @returns Parts, then what reading threw, if it did. */
async function* partsOf(lines: AsyncIterable<UnreadLine>): AsyncGenerator<Part> {
  let unread: UnreadLine[] = [];
  let characters = 0;
  let failure: Part | undefined;
  try {
    for await (const line of lines) {
      unread.push(line);
      characters += charactersOf(line);
      if (unread.length < PART_LINES && characters < PART_CHARACTERS) continue;
      yield { unread };
      unread = [];
      characters = 0;
    }
  } catch (error) {
    failure = { error };
  }
  yield { unread };
  if (failure !== undefined) yield failure;
}

function charactersOf(line: UnreadLine): number {
  if ("refused" in line) return 0;
  if (typeof line.content === "string") return line.content.length;
  let characters = 0;
  for (const value of Object.values(line.content) as (string | readonly string[])[])
    characters += typeof value === "string" ? value.length : value.join("").length;
  return characters;
}
