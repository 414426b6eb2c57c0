/**
 * The writer of batches: the good vector byte by byte, and layout.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchByteLength, batchLayout } from "#engine/batch/layout.ts";
import { readBatch } from "#engine/batch/read.ts";
import { writeBatch } from "#engine/batch/write.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { joined, randomBatch } from "./random-batch.ts";
import { loadBatchVectors } from "./vectors.ts";

const { profile, header, expected, good } = loadBatchVectors();
const batch = readBatch(good, profile, expected);

describe("writeBatch", () => {
  test("reproduces the good vector's bytes", () => {
    expect(joined(writeBatch(profile, header, batch, batch.columns))).toEqual(good);
  });

  test("takes columns one at a time, each only when the ones before are written", () => {
    let taken = 0;
    function* columns(): Generator<(typeof batch.columns)[number]> {
      for (const column of batch.columns) {
        taken++;
        yield column;
      }
    }
    const takenAtPiece: number[] = [];
    for (const piece of writeBatch(profile, header, batch, columns())) takenAtPiece.push(piece.length > 0 ? taken : -1);
    expect(takenAtPiece).toEqual([0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  test("a caller's mistake is a RangeError", () => {
    const [first, second, third] = batch.columns;
    if (first === undefined || second === undefined || third === undefined) throw new RangeError("three columns");
    const write = (...given: Parameters<typeof writeBatch>) => [...writeBatch(...given)];
    expect(() => write(profile, header, batch, [first, second])).toThrow(RangeError);
    expect(() => write(profile, header, batch, [first, second, third, first])).toThrow(RangeError);
    expect(() => write(profile, header, batch, [first, third, second])).toThrow(RangeError);
    expect(() => write(profile, { ...header, from: "at" }, batch, batch.columns)).toThrow(RangeError);
    const { handles, classes } = batch;
    expect(() => write(profile, header, { handles: handles.slice(1), classes }, batch.columns)).toThrow(RangeError);
    expect(() => write(profile, header, { handles, classes: classes.slice(1) }, batch.columns)).toThrow(RangeError);
  });
});

describe("batchLayout", () => {
  test("its length is that of the bytes written, and columns start at multiples of 4", () => {
    fc.assert(
      fc.property(randomBatch(profile), (written) => {
        const layout = batchLayout(written.profile, written.header);
        expect(layout.byteLength).toBe(written.bytes.length);
        const headerBytes = canonicalBytes(written.header).length;
        expect(batchByteLength(written.profile, layout.rowCount, headerBytes)).toBe(layout.byteLength);
        for (const column of layout.columns)
          expect([column.upperAt % 4, column.lowerAt % 4, column.rowAt % 4]).toEqual([0, 0, 0]);
      }),
      { numRuns: 40 },
    );
  });

  test("the good vector's parts lie where the specification's worked example says", () => {
    const layout = batchLayout(profile, header);
    expect(layout).toMatchObject({ handlesAt: 304, classesAt: 1904, byteLength: 9208 });
    expect(layout.columns).toEqual([
      { rule: 0, cells: 100, upperAt: 2008, lowerAt: 2408, rowAt: 2808 },
      { rule: 1, cells: 200, upperAt: 3208, lowerAt: 4008, rowAt: 4808 },
      { rule: 2, cells: 300, upperAt: 5608, lowerAt: 6808, rowAt: 8008 },
    ]);
  });

  test("a batch of the largest size class has an exact length", () => {
    const largest = batchLayout(
      {
        ...profile,
        rules: Array.from({ length: 5 }, (_, rule) => ({ ...(profile.rules[0] ?? never()), id: `r${rule}`, slots: 8 })),
      },
      { ...header, rowCount: 800_000_000 },
    );
    expect(Number.isSafeInteger(largest.byteLength)).toBe(true);
    expect(largest.byteLength).toBeGreaterThan(12 * 40 * 800_000_000);
  });
});

function never(): never {
  throw new RangeError("the vectors' profile has rules");
}
