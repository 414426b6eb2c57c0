/**
 * Tiles against the join of whole columns.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KeyColumn } from "#engine/batch/column.ts";
import { joinColumns } from "#engine/match/join.ts";
import { planTiles } from "#server/tiles.ts";

const Column = fc.uniqueArray(fc.oneof(fc.nat(0xffff_ffff), fc.nat(40)), { maxLength: 60 }).map((keys): KeyColumn => {
  const upper = Uint32Array.from(keys).sort();
  return { upper, lower: new Uint32Array(upper.length), row: Uint32Array.from(upper.keys()) };
});
const Columns = fc.array(fc.tuple(Column, Column), { minLength: 1, maxLength: 6 });

describe("tiles", () => {
  it("join together what the whole columns join, whatever their size", () => {
    fc.assert(
      fc.property(Columns, fc.integer({ min: 1, max: 200 }), (columns, keysPerTile) => {
        const a = { columns: columns.map(([column]) => column) };
        const b = { columns: columns.map(([, column]) => column) };
        const parts = planTiles(a, b, keysPerTile).flat();
        columns.forEach(([columnA, columnB], rule) => {
          const pieces = parts
            .filter((part) => part.rule === rule)
            .flatMap(({ range }) => [...joinColumns(columnA, columnB, range)]);
          expect(pieces).toEqual([...joinColumns(columnA, columnB)]);
        });
      }),
    );
  });

  it("put small rules together and cut large ones", () => {
    const column = (cells: number): KeyColumn => ({
      upper: Uint32Array.from({ length: cells }, (_, at) => at * Math.floor(2 ** 32 / cells)),
      lower: new Uint32Array(cells),
      row: Uint32Array.from({ length: cells }, (_, at) => at),
    });
    const columns = [column(10), column(10), column(1_000)];
    const tiles = planTiles({ columns }, { columns }, 500);
    expect(tiles[0]?.map(({ rule }) => rule).slice(0, 2)).toEqual([0, 1]);
    expect(tiles.length).toBeGreaterThanOrEqual(4);
  });
});
