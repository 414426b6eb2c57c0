/**
 * Texts in one buffer.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { PackedTexts } from "#engine/encode/packed-texts.ts";

test("texts come back as they went in, lone surrogates too", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 30 })), fc.nat(0xffff), (drawn, unit) => {
      const texts = new PackedTexts();
      const all = [...drawn, String.fromCharCode(unit), ""];
      for (const text of all) texts.push(text);
      expect(texts.length).toBe(all.length);
      expect(all.map((_, at) => texts.at(at))).toEqual(all);
    }),
  );
});

test("any number of them has room", () => {
  const texts = new PackedTexts();
  for (let at = 0; at < 50_000; at++) texts.push(`reference ${at}`);
  expect([0, 16_383, 16_384, 49_999].map((at) => texts.at(at))).toEqual(
    [0, 16_383, 16_384, 49_999].map((at) => `reference ${at}`),
  );
  expect(() => texts.at(50_000)).toThrow(RangeError);
});
