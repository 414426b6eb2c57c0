/**
 * Matching of one pairing on stored batches: against the reference, with evidence in memory and on disk, and stopped.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BatchHeader } from "#engine/batch/header.ts";
import { readBatch, handleOf } from "#engine/batch/read.ts";
import { writeBatch } from "#engine/batch/write.ts";
import { referenceMatch } from "#engine/match/reference.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { drawnBatch } from "#bench/drawn-batches.ts";
import { benchHeader, freshDataKey, storeBatch } from "#bench/stored-batches.ts";
import { Draws } from "#fixtures/draws.ts";
import { permutation } from "#fixtures/permutation.ts";
import { matchPairing } from "#server/pairing.ts";
import { openPool, type WorkerPool } from "#server/workers/pool.ts";
import { columnOf } from "../engine/match/arbitraries.ts";
import { agreedKeys, smallestUpper } from "./workers/columns.ts";

const ROWS = 1_000;
const DRAWN = { profile: SHIPPED_PROFILE, rows: ROWS, shared: 80, seed: 5 };
const SMALLEST = 100;

let folder: string;
let pool: WorkerPool;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aquila-pairing-"));
  pool = openPool(2, SHIPPED_PROFILE);
});
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

/** Makes the bytes of one side's batch. */
type MakeBatch = (header: BatchHeader, side: "a" | "b") => Iterable<Uint8Array>;

function store(rows = ROWS, make: MakeBatch = (header, side) => drawnBatch({ ...DRAWN, rows }, header, side)) {
  const dataKey = freshDataKey();
  const [a, b] = (["a", "b"] as const).map((side) => {
    const header = benchHeader(SHIPPED_PROFILE, side === "a" ? "AT" : "HR", side === "a" ? "HR" : "AT", rows);
    const bytes = new Uint8Array(Buffer.concat([...make(header, side)].map((piece) => piece.slice())));
    const stored = storeBatch(folder, dataKey, header, [bytes]);
    return { stored, batch: readBatch(bytes, SHIPPED_PROFILE, stored.expected) };
  });
  if (a === undefined || b === undefined) throw new RangeError("two batches are wanted");
  return { a, b };
}

/**
 * Two small batches that share some people; a shared person's rows hold some keys of each rule in common, up to all slots, in any
 * order. Upper halves are few, so that different keys often share one.
 */
function severalCells(seed: number): MakeBatch {
  return (header, side) => {
    const draws = new Draws(seed);
    const own = new Draws(seed, side === "a" ? 1 : 2);
    const rowOf = permutation(SMALLEST, side === "a" ? seed + 1 : seed + 2);
    const keyFrom = (from: Draws, sideBits: number): bigint =>
      (BigInt((from.word() & 0xf000_000f) >>> 0) << 32n) | BigInt((from.word() & 0x3fff_ffff) + sideBits * 2 ** 30);
    const columns = SHIPPED_PROFILE.rules.map(({ slots }) => {
      const keys: bigint[] = [];
      for (let person = 0; person < SMALLEST; person++)
        for (let slot = 0; slot < slots; slot++) {
          const common = keyFrom(draws, 0);
          const agrees = draws.word() % 3 > 0 && person < SMALLEST / 4;
          keys.push(agrees ? common : keyFrom(own, side === "a" ? 1 : 2));
        }
      return columnOf(
        keys,
        keys.map((_, cell) => rowOf.forward(Math.floor(cell / slots))),
      );
    });
    const handles = Uint8Array.from({ length: 16 * SMALLEST }, () => own.word());
    return writeBatch(SHIPPED_PROFILE, header, { handles, classes: new Uint8Array(SMALLEST) }, columns);
  };
}

const task = (found: ReturnType<typeof store>, stop = new AbortController()) => ({
  a: found.a.stored,
  b: found.b.stored,
  folder,
  lowestBand: "low" as const,
  cap: 1_000_000,
  signal: stop.signal,
  onJoined: () => undefined,
});

/** @returns The reference's hits, by handle, with their agreed cells by brute force. */
function wantedHits({ a, b }: ReturnType<typeof store>) {
  const keysOfPair = agreedKeys(a.batch, b.batch);
  const { pairs, matchesPerRow } = referenceMatch(SHIPPED_PROFILE, a.batch, b.batch);
  const found = pairs
    .filter(({ band }) => band !== "none")
    .map(({ rowA, rowB, band, pattern, weightBits }) => ({
      handleA: handleOf(a.batch, rowA),
      handleB: handleOf(b.batch, rowB),
      band,
      pattern,
      cells: Uint32Array.from(keysOfPair(rowA, rowB), smallestUpper),
      weightBits,
    }));
  const keys = pairs.filter(({ band }) => band !== "none").flatMap(({ rowA, rowB }) => keysOfPair(rowA, rowB));
  return { found, matchesPerRow, several: keys.filter(({ length }) => length > 1).length };
}

test("the hits are those of the reference, by handle, whether evidence waits in memory or on disk", async () => {
  const stored = store();
  const { found, matchesPerRow } = wantedHits(stored);
  expect(found.length).toBeGreaterThan(50);
  const files = readdirSync(folder).length;
  for (const evidenceBytes of [2 ** 30, 0]) {
    let spilled = 0;
    const onJoined = () => {
      spilled = readdirSync(folder).length - files;
    };
    const matched = await matchPairing(pool, SHIPPED_PROFILE, { ...task(stored), evidenceBytes, onJoined });
    expect(spilled > 0).toBe(evidenceBytes === 0);
    expect(matched.found).toEqual(found);
    expect(matched.matchesPerRow).toBeCloseTo(matchesPerRow, 12);
    expect(readdirSync(folder), "spilled files are gone").toHaveLength(files);
  }
});

test("a hit tells, for each rule that agrees, the smallest upper half of the keys that both rows hold", async () => {
  let several = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const stored = store(SMALLEST, severalCells(seed));
      const wanted = wantedHits(stored);
      several += wanted.several;
      for (const evidenceBytes of [2 ** 30, 500, 0]) {
        const cut = { ...task(stored), evidenceBytes, keysPerTile: SMALLEST * 10 };
        expect((await matchPairing(pool, SHIPPED_PROFILE, cut)).found).toEqual(wanted.found);
      }
    }),
    { numRuns: 5 },
  );
  expect(several, "several cells of one rule agree").toBeGreaterThan(100);
});

test("evidence that reaches the limit stays in memory, what comes after it goes to disk, and the hits are the same", async () => {
  const stored = store();
  // One worker joins the tiles in turn.
  const one = openPool(1, SHIPPED_PROFILE);
  const match = async (evidenceBytes: number) => {
    const heldBytes: number[] = [];
    const watched: WorkerPool = {
      ...one,
      joinTile: async (joinTask, signal) => {
        const answer = await one.joinTile(joinTask, signal);
        const inMemory = answer.found.flatMap(({ words }) => (words instanceof Uint32Array ? [words.byteLength] : []));
        heldBytes.push(inMemory.reduce((sum, bytes) => sum + bytes, 0));
        return answer;
      },
    };
    const { found } = await matchPairing(watched, SHIPPED_PROFILE, {
      ...task(stored),
      evidenceBytes,
      keysPerTile: ROWS * 20,
    });
    return { found, heldBytes };
  };
  try {
    const whole = await match(2 ** 30);
    const [first = 0, second = 0, ...more] = whole.heldBytes;
    expect([first > 0, second > 0, more.length > 0]).toEqual([true, true, true]);
    const rest = more.map(() => 0);
    expect(await match(first)).toEqual({ found: whole.found, heldBytes: [first, 0, ...rest] });
    expect(await match(first + 1)).toEqual({ found: whole.found, heldBytes: [first, second, ...rest] });
  } finally {
    await one.close();
  }
});

test("the cap keeps the hits of highest weight and says so", async () => {
  const matched = await matchPairing(pool, SHIPPED_PROFILE, { ...task(store()), cap: 7 });
  expect([matched.found.length, matched.isCapped]).toEqual([7, true]);
});

test("progress counts every key of both batches once", async () => {
  let keys = 0;
  const stored = store();
  await matchPairing(pool, SHIPPED_PROFILE, { ...task(stored), onJoined: (tile) => (keys += tile.keys) });
  expect(keys).toBe(
    [stored.a, stored.b].flatMap(({ batch }) => batch.columns).reduce((sum, { row }) => sum + row.length, 0),
  );
});

test("an abort at any stage ends it and leaves no spilled file", async () => {
  const stored = store();
  const files = readdirSync(folder).length;
  for (const stage of ["joined", "foldBlock", "releaseBlock"] as const) {
    const stop = new AbortController();
    let spilled = 0;
    const abort = () => {
      spilled = readdirSync(folder).length - files;
      stop.abort();
    };
    const watched: WorkerPool = {
      ...pool,
      foldBlock: (fold, signal) => {
        if (stage === "foldBlock") abort();
        return pool.foldBlock(fold, signal);
      },
      releaseBlock: (release, signal) => {
        if (stage === "releaseBlock") abort();
        return pool.releaseBlock(release, signal);
      },
    };
    const matching = matchPairing(watched, SHIPPED_PROFILE, {
      ...task(stored, stop),
      evidenceBytes: 0,
      onJoined: () => {
        if (stage === "joined") abort();
      },
    });
    await expect(matching).rejects.toThrow(/abort/i);
    expect(spilled, "evidence waits until hits are chosen").toBeGreaterThan(0);
    expect(readdirSync(folder)).toHaveLength(files);
  }
});

test("a chunk of another file does not open", async () => {
  const [one, other] = [store(), store()];
  const swapped = { ...task(one), b: { ...one.b.stored, paths: other.b.stored.paths } };
  await expect(matchPairing(pool, SHIPPED_PROFILE, swapped)).rejects.toThrow();
});
