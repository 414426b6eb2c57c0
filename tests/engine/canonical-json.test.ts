/**
 * Canonical JSON: the examples of RFC 8785.
 */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalBytes, canonicalDigest, type Json } from "#engine/canonical-json.ts";

function canonicalText(value: Json): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(canonicalBytes(value));
}

test("RFC 8785 §3.2.2: literals, numbers and escapes", () => {
  const given = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`) as Json;
  const text = String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`;
  expect(canonicalText(given)).toBe(text);
});

test("RFC 8785 §3.2.3: members are sorted by UTF-16 code units, not by code points", () => {
  const given = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  expect(Object.values(JSON.parse(canonicalText(given)) as Record<string, string>)).toEqual([
    "One",
    "Carriage Return",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
  ]);
});

test("RFC 8785, appendix B: numbers as ECMAScript prints them", () => {
  const samples: [ieee754: string, text: string][] = [
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["444b1ae4d6e2ef4e", "999999999999999700000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555556", "333333333.3333334"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ];
  for (const [ieee754, text] of samples) expect(canonicalText(Buffer.from(ieee754, "hex").readDoubleBE())).toBe(text);
});

test("what has no JSON form is refused", () => {
  for (const value of [NaN, Infinity, -Infinity]) expect(() => canonicalBytes(value)).toThrow();
});

test("the form does not depend on the order of members, and parsing it gives the value back", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse()) as Json;
      expect(canonicalText(reversed)).toBe(canonicalText(value as Json));
      expect(canonicalText(JSON.parse(canonicalText(value as Json)) as Json)).toBe(canonicalText(value as Json));
    }),
  );
});

test("a digest is SHA-256 of the form, base64url", () => {
  const digest = createHash("sha256").update('{"a":1,"b":"č"}').digest("base64url");
  expect(canonicalDigest({ b: "č", a: 1 })).toBe(digest);
});
