/** What the leak search finds, and what it leaves alone. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LeakSearch, findLeaks } from "../../demo/leak-search.ts";
import type { Leak } from "../../demo/leak-search.ts";
import { ENCODINGS, WINDOW_BYTES, type Encoding } from "../../demo/leak-encoding.ts";
import { foldForSearch, indexNeedles, type Fact } from "../../demo/needle-index.ts";

const facts: Fact[] = [
  { kind: "full name", text: "Đorđe Šćepanović" },
  { kind: "full name", text: "Ágnes Kovács" },
  { kind: "full name", text: "Ангелина Йорданова" },
  { kind: "full name", text: "Αλέξανδρος Ψαρράς" },
  { kind: "full name", text: "Ion Lupu" },
  { kind: "date of birth", text: "1971-03-29" },
  { kind: "document", text: "AB1234567" },
  { kind: "document", text: "004911223" },
  { kind: "telephone", text: "+385 91 555 0134" },
  { kind: "telephone", text: "38569489340" },
];
const index = indexNeedles(facts);

/** The bytes of a text inside a stream whose other bytes are `before` and `after`, by other means than the search's own. */
function written(text: string, encoding: Encoding, before: Buffer, after: Buffer): Buffer {
  const stream = Buffer.concat([before, Buffer.from(text, "utf8"), after]);
  const alignedTo = (rest: number): Buffer =>
    Buffer.concat([Buffer.alloc((3 + rest - (before.length % 3)) % 3, "x"), stream]);
  switch (encoding) {
    case "utf-8":
      return stream;
    case "utf-16le":
      return Buffer.concat([before, Buffer.from(text, "utf16le"), after]);
    case "utf-16be":
      return Buffer.concat([before, Buffer.from(text, "utf16le").swap16(), after]);
    case "latin-1":
      // A text beyond Latin-1 has no such form; it goes in as UTF-8 then.
      return /^[\0-\xff]*$/.test(text) ? Buffer.concat([before, Buffer.from(text, "latin1"), after]) : stream;
    case "json":
    case "json upper": {
      const escape = (letter: string): string => {
        const digits = letter.charCodeAt(0).toString(16).padStart(4, "0");
        return `\\u${encoding === "json" ? digits : digits.toUpperCase()}`;
      };
      return Buffer.concat([before, Buffer.from(text.replace(/[\u0080-\uffff]/g, escape)), after]);
    }
    case "hex":
      return Buffer.from(stream.toString("hex"));
    case "hex upper":
      return Buffer.from(stream.toString("hex").toUpperCase());
    case "base64+0":
    case "base64+1":
    case "base64+2":
      return Buffer.from(alignedTo(Number(encoding.slice(-1))).toString("base64"));
    case "base64url+0":
    case "base64url+1":
    case "base64url+2":
      return Buffer.from(alignedTo(Number(encoding.slice(-1))).toString("base64url"));
  }
}

function inPieces(bytes: Buffer, cuts: readonly number[]): Leak[] {
  const leaks: Leak[] = [];
  const search = new LeakSearch(index, (leak) => leaks.push(leak));
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    search.push(bytes.subarray(start, end));
    start = end;
  }
  search.end();
  return leaks;
}

/** Bytes that are no digits in any of the encodings. */
const noise = (maxLength: number) =>
  fc.array(fc.integer({ min: 0x80, max: 0xff }), { maxLength }).map((bytes) => Buffer.from(bytes));

describe("leak search", () => {
  test("a fact planted anywhere, in any form and encoding, in pieces of any length, is found", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...facts),
        fc.constantFrom(...ENCODINGS),
        fc.boolean(),
        noise(400),
        noise(400),
        fc.array(fc.nat(2000), { maxLength: 30 }),
        ({ kind, text }, encoding, folded, before, after, cuts) => {
          const bytes = written(folded ? foldForSearch(text) : text, encoding, before, after);
          expect(inPieces(bytes, cuts).map((leak) => leak.kind)).toContain(kind);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("the offset is where the fact begins", () => {
    fc.assert(
      fc.property(fc.constantFrom(...facts), noise(300), fc.array(fc.nat(500)), ({ text, kind }, before, cuts) => {
        const bytes = written(text, "utf-8", before, Buffer.from(" "));
        expect(inPieces(bytes, cuts)).toContainEqual(
          expect.objectContaining({ kind, form: "plain", encoding: "utf-8", offset: before.length }),
        );
      }),
    );
  });

  test("a fact across the border of the search's own blocks is found once at its offset", () => {
    const border = 1 << 20;
    for (let shift = -24; shift <= 8; shift++) {
      const bytes = Buffer.alloc(border + 4096, 0xee);
      bytes.write("Ágnes Kovács", border + shift, "utf8");
      const leaks = findLeaks(index, bytes);
      expect(leaks.map((leak) => leak.offset)).toEqual([border + shift]);
    }
  });

  test("nothing is found in random bytes, random text and an empty stream", () => {
    const bytes = Buffer.alloc(1 << 22);
    let state = 20261;
    for (let at = 0; at < bytes.length; at += 4) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      bytes.writeInt32LE(state ^ (state >>> 15), at);
    }
    expect(findLeaks(index, bytes)).toEqual([]);
    expect(findLeaks(index, Buffer.from(bytes.toString("hex")))).toEqual([]);
    expect(findLeaks(index, Buffer.from(bytes.toString("base64")))).toEqual([]);
    expect(findLeaks(index, Buffer.alloc(0))).toEqual([]);
  });

  test("digits alone count only when their run of digits ends with them", () => {
    const found = (text: string, encoding: BufferEncoding = "utf8"): number =>
      findLeaks(index, Buffer.from(text, encoding)).length;
    expect(found("38569489340")).toBe(1);
    expect(found(`{"phone":"38569489340"}`)).toBe(1);
    expect(found("0038569489340")).toBe(0);
    expect(found("385694893401")).toBe(0);
    expect(found("call 38569489340 now", "utf16le")).toBeGreaterThan(0);
    expect(found("1385694893401", "utf16le")).toBe(0);
    expect(found("+385 91 555 01349"), "not digits alone").toBe(1);
  });

  test("forms of fewer than eight bytes are counted and not searched", () => {
    const small = indexNeedles([
      { kind: "full name", text: "Bo Li" },
      { kind: "full name", text: "Žo Šiš" },
      { kind: "date of birth", text: "1971" },
    ]);
    expect(Buffer.byteLength("Žo Šiš")).toBeGreaterThan(WINDOW_BYTES);
    expect(small.needleCount).toBe(1);
    expect(small.shortCount).toBe(4);
    expect(findLeaks(small, Buffer.from("Bo Li Žo Šiš 1971"))).toHaveLength(1);
  });

  test("texts that share their first bytes are told apart, and one text of two kinds is found once", () => {
    const similar = indexNeedles([
      { kind: "full name", text: "Aleksandar Petrov" },
      { kind: "full name", text: "Aleksandar Petrovski" },
      { kind: "full name", text: "Aleksandar Ilić" },
      { kind: "document", text: "Aleksandar Ilić" },
    ]);
    const leaks = findLeaks(similar, Buffer.from("Aleksandar Petrovski; Aleksandar Ilić"));
    expect(leaks.map((leak) => [leak.kind, leak.form, leak.offset])).toEqual([
      ["full name", "plain", 0],
      ["full name", "plain", 0],
      ["full name", "plain", 22],
    ]);
  });

  test("an index travels to another thread without being copied", () => {
    for (const part of Object.values(index)) {
      if (typeof part !== "number") expect(part.buffer).toBeInstanceOf(SharedArrayBuffer);
    }
  });
});
