/**
 * The frequency table and its digest.
 */
import { describe, expect, test } from "vitest";
import { canonicalDigest } from "#engine/canonical-json.ts";
import { informationOf, shippedTable } from "#engine/encode/information.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";

describe("the shipped table", () => {
  const table = shippedTable(SHIPPED_PROFILE.frequencyTable);

  test("is the one that the profile names", () => {
    expect(canonicalDigest(table)).toBe(SHIPPED_PROFILE.frequencyTable);
  });

  test("is refused under another digest", () => {
    expect(() => shippedTable("A".repeat(43))).toThrow(/^profile-mismatch/);
  });

  test("gives no common value more bits than a rare one", () => {
    for (const { bits, rareBits } of [table.skeletons, table.roots, table.birthYears, table.places])
      expect(Math.max(...Object.values(bits))).toBeLessThanOrEqual(rareBits);
  });

  test("gives values that are not listed the bits of rare ones, whatever their name", () => {
    const { birthYear, place } = informationOf(table);
    expect([birthYear(1871), place("constructor")]).toEqual([table.birthYears.rareBits, table.places.rareBits]);
  });
});
