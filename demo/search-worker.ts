/**
 * Thread of a leak search: takes a stretch of a file, gives the leaks that begin in it.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { workerData } from "piscina";
import type { Stretch } from "./haystack.ts";
import { LeakSearch, NEIGHBOUR_BYTES, type Leak } from "./leak-search.ts";
import type { NeedleIndex } from "./needle-index.ts";

/** `leaks` are the first of `leakCount`, with offsets in their file. */
export type StretchResult = { readonly leaks: readonly Leak[]; readonly leakCount: number };

/** What the thread was started with. */
export type SearchWorkerData = { readonly index: NeedleIndex };

const MAX_LEAKS = 10_000;
const READ_BYTES = 1 << 20;

export default function searchStretch({ path, start, end, fileBytes }: Stretch): StretchResult {
  const { index } = workerData as SearchWorkerData;
  const first = Math.max(0, start - NEIGHBOUR_BYTES);
  const last = Math.min(fileBytes, end + index.longestPatternBytes + NEIGHBOUR_BYTES);
  const leaks: Leak[] = [];
  let leakCount = 0;
  const search = new LeakSearch(index, (leak) => {
    const offset = first + leak.offset;
    if (offset < start || offset >= end) return;
    leakCount++;
    if (leaks.length < MAX_LEAKS) leaks.push({ ...leak, offset });
  });
  const buffer = new Uint8Array(READ_BYTES);
  const file = openSync(path, "r");
  try {
    for (let at = first; at < last;) {
      const read = readSync(file, buffer, 0, Math.min(READ_BYTES, last - at), at);
      if (read === 0) throw new Error(`${path} became shorter while it was searched`);
      search.push(buffer.subarray(0, read));
      at += read;
    }
    search.end();
  } finally {
    closeSync(file);
  }
  return { leaks, leakCount };
}
