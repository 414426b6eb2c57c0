/**
 * The uniqueness rule.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CellColumn } from "#engine/encode/cell-store.ts";
import { forEqualCells, keepUnique } from "#engine/encode/uniqueness.ts";
import { columnOf, digestsOf } from "./lists.ts";

const apart = Uint32Array.from({ length: 50 }, (_, record) => record);

describe("a key", () => {
  test("that two rows share is carried by neither", () => {
    const column = columnOf([
      { fact: "a", owner: 0 },
      { fact: "b", owner: 0 },
      { fact: "a", owner: 1 },
      { fact: "c", owner: 1 },
    ]);
    const kept = keepUnique(column, apart, 2);
    expect(new Set(digestsOf(kept))).toEqual(
      new Set(
        digestsOf(
          columnOf([
            { fact: "b", owner: 0 },
            { fact: "c", owner: 1 },
          ]),
        ),
      ),
    );
  });

  test("that two records of one row share is carried once", () => {
    const column = columnOf([
      { fact: "a", owner: 0, bits: 20 },
      { fact: "a", owner: 1, bits: 21 },
    ]);
    const kept = keepUnique(column, Uint32Array.of(0, 0), 2);
    expect([[...kept.owner], [...kept.bits]]).toEqual([[0], [21]]);
  });

  test("is held by exactly one row, and no row holds more than its slots", () => {
    const cells = fc.array(fc.record({ fact: fc.stringMatching(/^[a-h]$/), owner: fc.nat(19) }), { maxLength: 60 });
    fc.assert(
      fc.property(
        cells,
        fc.array(fc.nat(9), { minLength: 20, maxLength: 20 }),
        fc.integer({ min: 1, max: 4 }),
        (drawn, rows, slots) => {
          const column = columnOf(drawn.toSorted((one, other) => one.owner - other.owner));
          const rowOf = Uint32Array.from(rows);
          const kept = keepUnique(column, rowOf, slots);
          const digests = digestsOf(kept);
          expect(new Set(digests).size).toBe(digests.length);
          const holders = new Map<string, Set<number>>();
          digestsOf(column).forEach((digest, at) => {
            const row = rowOf[column.owner[at] ?? 0] ?? 0;
            holders.set(digest, (holders.get(digest) ?? new Set()).add(row));
          });
          digests.forEach((digest, at) => {
            expect([...(holders.get(digest) ?? [])]).toEqual([kept.owner[at]]);
          });
          const unique = [...holders.values()].filter((held) => held.size === 1).map(([row]) => row);
          for (let row = 0; row < 10; row++) {
            const count = kept.owner.filter((owner) => owner === row).length;
            expect(count).toBe(Math.min(slots, unique.filter((holder) => holder === row).length));
          }
        },
      ),
    );
  });
});

test("of merged records the best cells of each stay, whatever the order of the records", () => {
  const one = ["a", "b", "c"].map((fact) => ({ fact, owner: 0 }));
  const other = ["d", "e"].map((fact) => ({ fact, owner: 1 }));
  const swapped = [...other, ...one].map(({ fact, owner }) => ({ fact, owner: 1 - owner }));
  for (const slots of [1, 2, 3, 4]) {
    const kept = digestsOf(keepUnique(columnOf([...one, ...other]), Uint32Array.of(0, 0), slots));
    expect(digestsOf(keepUnique(columnOf(swapped), Uint32Array.of(0, 0), slots))).toEqual(kept);
    if (slots === 2)
      expect(new Set(kept)).toEqual(new Set(digestsOf(columnOf([...one.slice(0, 1), ...other.slice(0, 1)]))));
  }
});

test("groups of equal cells are each whole and in order of position", () => {
  const column = columnOf(["a", "b", "a", "c", "a", "b"].map((fact, owner) => ({ fact, owner })));
  expect(groupsOf(column)).toEqual(new Set(["0,2,4", "1,5", "3"]));
  expect(groupsOf(columnOf([]))).toEqual(new Set());
});

test("groups of a column that is sorted range by range are whole and in increasing order of d", () => {
  const count = 600_000;
  const words = new Uint32Array(4 * count);
  let state = 1;
  // Each d once or twice; a linear congruential generator, its high bits spread over the first bytes of d.
  for (let cell = 0; cell < count; cell++) {
    if (cell % 3 === 2) words.copyWithin(4 * cell, 4 * (cell - 2), 4 * (cell - 1));
    else
      for (let word = 0; word < 4; word++)
        words[4 * cell + word] = (state = (state * 69069 + 1) >>> 0) ^ (state >>> 16);
  }
  const digests = new Uint8Array(words.buffer);
  const column = { digests, owner: new Uint32Array(count), bits: new Float32Array(count) };
  let before = "";
  let cells = 0;
  let wrong = 0;
  forEqualCells(column, (order, start, end) => {
    const members = [...order.subarray(start, end)].map((at) => digestText(digests, at));
    const [first = ""] = members;
    wrong += Number(first <= before || members.some((text) => text !== first));
    before = first;
    cells += members.length;
  });
  expect([cells, wrong]).toEqual([count, 0]);
});

function digestText(digests: Uint8Array, cell: number): string {
  return Buffer.from(digests.buffer, 16 * cell, 16).toString("latin1");
}

function groupsOf(column: CellColumn): Set<string> {
  const groups = new Set<string>();
  forEqualCells(column, (order, start, end) => groups.add(order.subarray(start, end).join()));
  return groups;
}
