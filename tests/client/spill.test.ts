/**
 * The cell store on disk.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { spillStore } from "#client/spill.ts";
import { memoryCellStore, type CellColumn } from "#engine/encode/cell-store.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { encoded } from "../engine/encode/lists.ts";
import { smallRecords } from "./encoded-lists.ts";
import { temporaryFolder } from "./folders.ts";

const columns: fc.Arbitrary<CellColumn> = fc.nat(20).chain((count) =>
  fc.record({
    digests: fc.uint8Array({ minLength: 16 * count, maxLength: 16 * count }),
    owner: fc
      .array(fc.nat(0xffff_ffff), { minLength: count, maxLength: count })
      .map((values) => Uint32Array.from(values)),
    bits: fc.float32Array({ minLength: count, maxLength: count, noNaN: true }),
  }),
);

describe("a store on disk", () => {
  test("gives back what a store in memory gives back", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("append", "replace"), fc.nat(3), columns), { maxLength: 12 });
    fc.assert(
      fc.property(steps, (drawn) => {
        const disk = spillStore(temporaryFolder());
        const memory = memoryCellStore();
        try {
          for (const [step, rule, column] of drawn) {
            for (const store of [disk, memory]) store[step](rule, column);
            for (const read of [0, 1, 2, 3]) expect(disk.read(read)).toEqual(memory.read(read));
          }
        } finally {
          disk.close();
        }
      }),
      { numRuns: 50 },
    );
  });

  test("gives the same encoded list", () => {
    const records = smallRecords("HR");
    const disk = spillStore(temporaryFolder());
    const [onDisk, inMemory] = [encoded(records, disk), encoded(records)];
    SHIPPED_PROFILE.rules.forEach((_, rule) => {
      expect(onDisk.cells.read(rule)).toEqual(inMemory.cells.read(rule));
    });
    expect(onDisk.report).toEqual(inMemory.report);
    disk.close();
  });
});

describe("its files", () => {
  const column: CellColumn = {
    digests: Buffer.from("sixteen letters.".repeat(8)),
    owner: Uint32Array.from({ length: 8 }, () => 0x4c4c_4c4c),
    bits: new Float32Array(8).fill(21),
  };

  test("can be read by their owner only and hold no plaintext", () => {
    const folder = temporaryFolder();
    const store = spillStore(folder);
    store.append(0, column);
    store.append(0, column);
    store.replace(1, column);
    const [directory = ""] = readdirSync(folder);
    const files = readdirSync(join(folder, directory)).map((name) => join(folder, directory, name));
    expect(files).toHaveLength(2);
    expect(statSync(join(folder, directory)).mode & 0o077).toBe(0);
    for (const file of files) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const bytes = readFileSync(file);
      for (const plain of [
        "sixteen",
        "LLLL",
        Buffer.from(new Float32Array([21]).buffer)
          .toString("latin1")
          .repeat(2),
      ])
        expect(bytes.includes(plain, 0, "latin1")).toBe(false);
    }
    // The same cells twice are not the same bytes.
    const first = readFileSync(files[0] ?? "");
    const half = first.length / 2;
    expect(first.subarray(0, half).equals(first.subarray(half))).toBe(false);
    store.close();
  });

  test("are gone after close", () => {
    const folder = temporaryFolder();
    const store = spillStore(folder);
    store.append(0, column);
    expect(readdirSync(folder)).toHaveLength(1);
    store.close();
    expect(readdirSync(folder)).toEqual([]);
  });
});
