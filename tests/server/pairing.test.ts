/**
 * Matching of one pairing on stored batches: against the reference, with evidence in memory and on disk, and stopped.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readBatch, handleOf } from "#engine/batch/read.ts";
import { referenceMatch } from "#engine/match/reference.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { drawnBatch } from "#bench/drawn-batches.ts";
import { benchHeader, freshDataKey, storeBatch } from "#bench/stored-batches.ts";
import { matchPairing } from "#server/pairing.ts";
import { openPool, type WorkerPool } from "#server/workers/pool.ts";

const ROWS = 1_000;
const DRAWN = { profile: SHIPPED_PROFILE, rows: ROWS, shared: 80, seed: 5 };

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

function store() {
  const dataKey = freshDataKey();
  const [a, b] = (["a", "b"] as const).map((side) => {
    const header = benchHeader(SHIPPED_PROFILE, side === "a" ? "AT" : "HR", side === "a" ? "HR" : "AT", ROWS);
    const stored = storeBatch(folder, dataKey, header, drawnBatch(DRAWN, header, side));
    const bytes = new Uint8Array(Buffer.concat([...drawnBatch(DRAWN, header, side)].map((piece) => piece.slice())));
    return { stored, batch: readBatch(bytes, SHIPPED_PROFILE, stored.expected) };
  });
  if (a === undefined || b === undefined) throw new RangeError("two batches are wanted");
  return { a, b };
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

test("the hits are those of the reference, by handle, whether evidence waits in memory or on disk", async () => {
  const stored = store();
  const { pairs, matchesPerRow } = referenceMatch(SHIPPED_PROFILE, stored.a.batch, stored.b.batch);
  const wanted = pairs
    .filter(({ band }) => band !== "none")
    .map(({ rowA, rowB, band, pattern, weightBits }) => ({
      handleA: handleOf(stored.a.batch, rowA),
      handleB: handleOf(stored.b.batch, rowB),
      band,
      pattern,
      weightBits,
    }));
  expect(wanted.length).toBeGreaterThan(50);
  const files = readdirSync(folder).length;
  for (const evidenceBytes of [2 ** 30, 0]) {
    let spilled = 0;
    const onJoined = () => {
      spilled = readdirSync(folder).length - files;
    };
    const matched = await matchPairing(pool, SHIPPED_PROFILE, { ...task(stored), evidenceBytes, onJoined });
    expect(spilled > 0).toBe(evidenceBytes === 0);
    expect(matched.found).toEqual(wanted);
    expect(matched.matchesPerRow).toBeCloseTo(matchesPerRow, 12);
    expect(readdirSync(folder), "spilled files are gone").toHaveLength(files);
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

test("an abort ends it and leaves no spilled file", async () => {
  const stored = store();
  const files = readdirSync(folder).length;
  const stop = new AbortController();
  const matching = matchPairing(pool, SHIPPED_PROFILE, {
    ...task(stored, stop),
    evidenceBytes: 0,
    onJoined: () => {
      stop.abort();
    },
  });
  await expect(matching).rejects.toThrow(/abort/i);
  expect(readdirSync(folder)).toHaveLength(files);
});

test("a chunk of another file does not open", async () => {
  const [one, other] = [store(), store()];
  const swapped = { ...task(one), b: { ...one.b.stored, paths: other.b.stored.paths } };
  await expect(matchPairing(pool, SHIPPED_PROFILE, swapped)).rejects.toThrow();
});
