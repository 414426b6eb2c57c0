/**
 * Tiles: what they cover, and how much is in each.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planTiles } from "#server/tiles.ts";

/** Columns of so many cells, one for each rule. */
function layoutOf(cells: readonly number[]) {
  return { columns: cells.map((count, rule) => ({ rule, cells: count, upperAt: 0, lowerAt: 0, rowAt: 0 })) };
}
const cellCounts = fc.array(fc.tuple(fc.nat(3_000), fc.nat(3_000)), { minLength: 1, maxLength: 8 });

describe("tiles", () => {
  it("cover every rule's whole key range once, in order", () => {
    fc.assert(
      fc.property(cellCounts, fc.integer({ min: 1, max: 2_000 }), (cells, keysPerTile) => {
        const a = layoutOf(cells.map(([count]) => count));
        const b = layoutOf(cells.map(([, count]) => count));
        const parts = planTiles(a, b, keysPerTile).flat();
        expect(parts.map(({ rule }) => rule)).toEqual(parts.map(({ rule }) => rule).toSorted((one, two) => one - two));
        cells.forEach((_, rule) => {
          const own = parts.filter((part) => part.rule === rule);
          expect([own[0]?.fromUpper, own.at(-1)?.toUpper]).toEqual([0, 2 ** 32]);
          for (let at = 1; at < own.length; at++) expect(own[at]?.fromUpper).toBe(own[at - 1]?.toUpper);
        });
      }),
    );
  });

  it("hold no more keys than wanted, if keys are uniform", () => {
    fc.assert(
      fc.property(cellCounts, fc.integer({ min: 1, max: 2_000 }), (cells, keysPerTile) => {
        const a = layoutOf(cells.map(([count]) => count));
        const b = layoutOf(cells.map(([, count]) => count));
        for (const tile of planTiles(a, b, keysPerTile)) {
          const keys = tile.map(({ rule, fromUpper, toUpper }) => {
            const [inA = 0, inB = 0] = cells[rule] ?? [];
            return ((inA + inB) * (toUpper - fromUpper)) / 2 ** 32;
          });
          expect(keys.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(keysPerTile + 0.001);
        }
      }),
    );
  });

  it("put small rules together and cut large ones", () => {
    const tiles = planTiles(layoutOf([10, 10, 1_000]), layoutOf([10, 10, 1_000]), 500);
    expect(tiles.map((tile) => tile.map(({ rule }) => rule))).toEqual([[0, 1], [2], [2], [2], [2]]);
  });
});
