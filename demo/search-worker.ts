/**
 * Thread of a leak search: takes a stretch of a file, gives the leaks that begin in it.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { workerData } from "piscina";
import type { Stretch } from "./haystack.ts";
import { LeakSearch, NEIGHBOUR_BYTES } from "./leak-search.ts";
import type { Leak } from "./leak-search.ts";
import type { NeedleIndex } from "./needle-index.ts";

/** `leaks` are the first of `leakCount`, with offsets in their file. */
export type StretchResult = {
  readonly leaks: readonly Leak[];
  readonly leakCount: number;
  readonly searchedBytes: number;
  /** Memory that could not be read. */
  readonly unreadBytes: number;
};

/** What the thread was started with. */
export type SearchWorkerData = { readonly index: NeedleIndex };

const MAX_LEAKS = 10_000;
const READ_BYTES = 1 << 20;
/** How far reading goes on behind bytes that cannot be read. */
const SKIP_BYTES = 1 << 16;

export default function searchStretch(stretch: Stretch): StretchResult {
  const { index } = workerData as SearchWorkerData;
  const first = Math.max(stretch.fileStart, stretch.start - NEIGHBOUR_BYTES);
  const last = Math.min(stretch.fileEnd, stretch.end + index.longestPatternBytes + NEIGHBOUR_BYTES);
  const leaks: Leak[] = [];
  let leakCount = 0;
  let unreadBytes = 0;
  let at = first;
  const searchFrom = (start: number): LeakSearch =>
    new LeakSearch(index, (leak) => {
      const offset = start + leak.offset;
      if (offset < stretch.start || offset >= stretch.end) return;
      leakCount++;
      if (leaks.length < MAX_LEAKS) leaks.push({ ...leak, offset });
    });

  let search = searchFrom(at);
  const buffer = new Uint8Array(READ_BYTES);
  const file = openSync(stretch.path, "r");
  try {
    while (at < last) {
      const read = readAt(file, buffer, Math.min(READ_BYTES, last - at), at);
      if (read > 0) {
        search.push(buffer.subarray(0, read));
        at += read;
        continue;
      }
      const skipped = Math.min(SKIP_BYTES, last - at);
      unreadBytes += skipped;
      at += skipped;
      search.end();
      search = searchFrom(at);
    }
    search.end();
  } finally {
    closeSync(file);
  }
  return { leaks, leakCount, searchedBytes: last - first - unreadBytes, unreadBytes };
}

/** @returns Bytes read; 0 where there is nothing, which in a process's memory is no end of the file. */
function readAt(file: number, buffer: Uint8Array, length: number, position: number): number {
  try {
    return readSync(file, buffer, 0, length, position);
  } catch {
    return 0;
  }
}
