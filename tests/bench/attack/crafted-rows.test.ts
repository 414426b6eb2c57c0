/**
 * Crafted rows keep to their slots and give every guess a share of them.
 */
import { expect, test } from "vitest";
import { craftRows } from "#bench/attack/fishing/crafted-rows.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { encoded, generatedRecords } from "../../engine/encode/lists.ts";

const PER_ROW = 4;
const guesses = encoded(generatedRecords(80));
const carriers = encoded(generatedRecords(80).slice(0, 20));
const { list, guessesOf, candidatesOf } = craftRows(carriers, guesses, PER_ROW);

test("a rule has no more keys of a row than slots, all of them of the row's own guesses", () => {
  let crafted = 0;
  SHIPPED_PROFILE.rules.forEach(({ slots }, rule) => {
    const counts = new Map<number, number>();
    for (const row of list.cells.read(rule).owner) counts.set(row, (counts.get(row) ?? 0) + 1);
    for (const [row, count] of counts) {
      expect(count).toBeLessThanOrEqual(slots);
      expect(row).toBeLessThan(carriers.rows.length);
      crafted += count;
    }
  });
  expect(crafted).toBeGreaterThan(10 * carriers.rows.length);
});

test("nearly every guess has keys of its own, and a hit on many rules means fewer guesses than one on none", () => {
  let [any, reached, narrowed] = [0, 0, 0];
  for (let row = 0; row < carriers.rows.length; row++) {
    const own = guessesOf(row);
    any += candidatesOf(row, 0).length;
    reached += own.filter((guess) =>
      SHIPPED_PROFILE.rules.some((_, rule) => candidatesOf(row, 1 << rule).includes(guess)),
    ).length;
    narrowed += candidatesOf(row, 0b1).length;
  }
  expect(any).toBe(guesses.rows.length);
  expect(reached).toBeGreaterThan(0.9 * any);
  // One slot for documents.
  expect(narrowed).toBeLessThanOrEqual(carriers.rows.length);
  expect(narrowed).toBeGreaterThan(0);
});
