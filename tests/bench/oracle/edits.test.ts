/** Values that a misspelt fold shares with the right one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bigramBands, deletionNeighbours } from "#bench/oracle/edits.ts";

const fold = fc.string({ unit: fc.constantFrom(..."abcdefghiklmnoprstuvz".split("")), minLength: 5, maxLength: 14 });
const share = (one: readonly string[], other: readonly string[]): boolean => one.some((value) => other.includes(value));

describe("deletion neighbours", () => {
  it("are the fold and every one-letter deletion, sorted and unique", () => {
    expect(deletionNeighbours("kovac")).toEqual(["koac", "kova", "kovac", "kovc", "kvac", "ovac"]);
    expect(deletionNeighbours("banana")).toEqual(["anana", "baana", "banaa", "banan", "banana", "banna", "bnana"]);
  });

  it("of a short fold are the fold alone", () => {
    expect(deletionNeighbours("sabo")).toEqual(["sabo"]);
  });

  it("meet for every two folds one edit or one exchange of neighbours apart", () => {
    fc.assert(
      fc.property(fold, fc.nat(), fc.constantFrom("k", "o", "s"), fc.nat(3), (name, place, letter, kind) => {
        const at = place % name.length;
        const left = name.slice(0, at);
        const right = name.slice(at + 1);
        const misspelt = [
          left + right,
          left + letter + name.slice(at),
          left + letter + right,
          left + right.slice(0, 1) + name.charAt(at) + right.slice(1),
        ][kind];
        fc.pre(misspelt !== undefined && misspelt.length >= 5);
        expect(share(deletionNeighbours(name), deletionNeighbours(misspelt))).toBe(true);
      }),
    );
  });
});

describe("bigram bands", () => {
  it("are the values of docs/spec/names.md", () => {
    expect(bigramBands("kovac", 3)).toEqual(["a:_kac", "b:kova", "c:acc_"]);
    expect(bigramBands("dokovic", 4)).toEqual(["a:_dvi", "b:_dko", "c:c_do", "d:_dov"]);
  });

  it("are one a band, and fewer bands are a prefix of more", () => {
    fc.assert(
      fc.property(fold, (name) => {
        expect(bigramBands(name, 6)).toHaveLength(6);
        expect(bigramBands(name, 6).slice(0, 3)).toEqual(bigramBands(name, 3));
      }),
    );
  });

  it("of different bands never meet", () => {
    fc.assert(fc.property(fold, (name) => new Set(bigramBands(name, 16)).size === 16));
  });

  it("refuse a band count out of range", () => {
    for (const count of [0, 17, 1.5, Number.NaN]) expect(() => bigramBands("kovac", count)).toThrow(RangeError);
  });
});
