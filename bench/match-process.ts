/**
 * A process of its own that matches stored batches as the server does and keeps the hits of all pairings to the end, so
 * that its peak memory is that of matching alone. Started with `--expose-gc`.
 * In, on standard input: a MatchOrder as JSON. Out: a MatchReport as JSON.
 */
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { hitsOf } from "#server/matching.ts";
import { inLanes } from "#server/lanes.ts";
import { matchPairing, PAIRING_LANES } from "#server/pairing.ts";
import { openPool } from "#server/workers/pool.ts";
import type { CompleteBatch } from "#server/workers/tasks.ts";
import { MatchOrder, type MatchReport, type OrderedBatch } from "./match-order.ts";

const MAX_HITS = 10_000_000;

async function main(): Promise<void> {
  const order = MatchOrder.parse(JSON.parse(await text(process.stdin)));
  const pool = openPool(order.workers, SHIPPED_PROFILE);
  const stored = ({ dataKey, ...batch }: OrderedBatch): CompleteBatch => ({
    ...batch,
    dataKey: new Uint8Array(Buffer.from(dataKey, "base64url")),
  });
  const pairings = order.pairings.map(({ a, b }) => ({ a: stored(a), b: stored(b) }));
  const seconds: number[] = [];
  const checksums = new Set<string>();
  let report = { keys: 0, candidatePairs: 0, hits: 0 };
  let waiting = new Map<string, ReturnType<typeof hitsOf>[]>();
  // One more than counted: the first warms up.
  for (let repeat = 0; repeat <= order.repeats; repeat++) {
    report = { keys: 0, candidatePairs: 0, hits: 0 };
    waiting = new Map();
    // The server matches a round once: what the repeat before has left is not to count.
    await bytesHeld();
    const digests = new Map<string, string>();
    const started = performance.now();
    await inLanes(pairings, PAIRING_LANES, async ({ a, b }) => {
      const matched = await matchPairing(pool, SHIPPED_PROFILE, {
        a,
        b,
        folder: order.folder,
        lowestBand: "low",
        cap: MAX_HITS,
        signal: new AbortController().signal,
        onJoined: ({ keys }) => {
          report.keys += keys;
        },
      });
      report.candidatePairs += matched.candidatePairs;
      report.hits += matched.found.length;
      waiting.set(`${a.from}-${b.from}`, matched.found.map(hitsOf));
      const hash = createHash("sha256");
      for (const { handleA, handleB, band, pattern } of matched.found)
        hash.update(`${handleA}${handleB}${band}${pattern}`);
      digests.set(`${a.from}-${a.to}`, hash.digest("hex"));
    });
    if (repeat > 0) seconds.push((performance.now() - started) / 1_000);
    const all = [...digests].sort().join();
    checksums.add(createHash("sha256").update(all).digest("hex").slice(0, 16));
  }
  await pool.close();
  const withHits = await bytesHeld();
  waiting.clear();
  const hitBytes = withHits - (await bytesHeld());
  const [checksum, ...others] = checksums;
  if (checksum === undefined || others.length > 0) throw new Error("round: repeats give different hits");
  const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(JSON.stringify({ seconds, ...report, hitBytes, peakRssMb, checksum } satisfies MatchReport));
}

/** Bytes that are still reachable, on the heap and beside it. */
async function bytesHeld(): Promise<number> {
  if (globalThis.gc === undefined) throw new RangeError("start it with --expose-gc");
  // What a closed worker leaves takes some turns to be let go.
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

await main();
