/**
 * Leak search over many haystacks on several threads that share one index.
 */
import { Piscina } from "piscina";
import type { Haystack, Stretch } from "./haystack.ts";
import type { Leak } from "./leak-search.ts";
import type { NeedleIndex } from "./needle-index.ts";
import type { SearchWorkerData, StretchResult } from "./search-worker.ts";

/** A leak and the file in which it stands. */
type FiledLeak = Leak & { readonly path: string };

export type HaystackResult = {
  readonly name: string;
  /** In order of the haystack's files, then of offset; the first ten thousand of each stretch. */
  readonly leaks: readonly FiledLeak[];
  readonly leakCount: number;
  readonly searchedBytes: number;
};

export type SearchPool = {
  readonly index: NeedleIndex;
  readonly search: (haystack: Haystack) => Promise<HaystackResult>;
  readonly close: () => Promise<void>;
};

/** @param threads - At least 1. */
export function openSearchPool(index: NeedleIndex, threads: number): SearchPool {
  const workerData: SearchWorkerData = { index };
  const piscina = new Piscina<Stretch, StretchResult>({
    filename: new URL("./search-worker.ts", import.meta.url).href,
    maxThreads: threads,
    workerData,
  });
  return {
    index,
    search: async ({ name, stretches }) => {
      const results = await Promise.all(
        stretches.map(async (stretch) => ({ path: stretch.path, ...(await piscina.run(stretch)) })),
      );
      return {
        name,
        leaks: results.flatMap(({ path, leaks }) => leaks.map((leak) => ({ ...leak, path }))),
        leakCount: results.reduce((sum, result) => sum + result.leakCount, 0),
        searchedBytes: stretches.reduce((sum, { start, end }) => sum + end - start, 0),
      };
    },
    close: () => piscina.destroy(),
  };
}
