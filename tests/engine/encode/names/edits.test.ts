/** Values that a misspelt fold shares with the right one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldEnds } from "#engine/encode/names/edits.ts";

const fold = fc.string({ unit: fc.constantFrom(..."abcdefghiklmnoprstuvz".split("")), minLength: 5, maxLength: 14 });
const share = (one: readonly string[], other: readonly string[]): boolean => one.some((value) => other.includes(value));

describe("ends of a fold", () => {
  it("are its first and last letters", () => {
    expect(foldEnds("kovacevic", 4)).toEqual(["h:kova", "t:evic"]);
    expect(foldEnds("kos", 4)).toEqual(["h:kos", "t:kos"]);
  });

  it("one stays whole when one letter of a long fold is wrong", () => {
    fc.assert(
      fc.property(fold, fc.nat(), (name, place) => {
        fc.pre(name.length >= 8);
        const at = place % name.length;
        expect(share(foldEnds(name, 4), foldEnds(`${name.slice(0, at)}x${name.slice(at + 1)}`, 4))).toBe(true);
      }),
    );
  });

  it("refuse a length out of range", () => {
    for (const length of [1, 9, 2.5]) expect(() => foldEnds("kovac", length)).toThrow(RangeError);
  });
});
