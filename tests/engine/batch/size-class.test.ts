/**
 * Size classes: the R10 series.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SIZE_CLASSES, sizeClassOf } from "#engine/batch/size-class.ts";

test("the classes begin as the specification says", () => {
  expect(SIZE_CLASSES.slice(0, 12)).toEqual([100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250]);
});

test("they are whole numbers that strictly increase, from 100 to 800 million", () => {
  expect(SIZE_CLASSES.every((rows, at) => Number.isInteger(rows) && rows > (SIZE_CLASSES[at - 1] ?? 0))).toBe(true);
  expect([SIZE_CLASSES[0], SIZE_CLASSES.at(-1)]).toEqual([100, 800_000_000]);
});

test("a size class is its own size class; one record more needs the next", () => {
  SIZE_CLASSES.forEach((rows, at) => {
    expect(sizeClassOf(rows)).toBe(rows);
    const next = SIZE_CLASSES[at + 1];
    if (next !== undefined) expect(sizeClassOf(rows + 1)).toBe(next);
  });
});

test("no record at all still fills the smallest class", () => {
  expect(sizeClassOf(0)).toBe(100);
});

test("a class holds the records and adds at most 28 % above 100", () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 800_000_000 }), (records) => {
      const rows = sizeClassOf(records);
      expect(rows).toBeGreaterThanOrEqual(records);
      expect(rows).toBeLessThanOrEqual(records * 1.28);
    }),
  );
});

test("more records than any class holds are a caller's mistake", () => {
  expect(() => sizeClassOf(800_000_001)).toThrow(RangeError);
});
