/** Canonical names: what holds for any text. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalName } from "#engine/encode/names/canonical-name.ts";

const folds = (name: string): string =>
  canonicalName(name)
    .map((token) => token.fold)
    .join(" ");

describe("any text", () => {
  const LETTERS =
    "aAbcČćçdĐđeëgGğhiİıIjklLmnnoöprsŠşșßtțuüvwxyzžабвгѓђджзиіїйјкќлљмнњопрстћуфхцчџшщъыьэюяαάβγδεέηήιίϊΐκλμνξοόπρσςτυύϋφχψωώ .-'ґңәəგიორღჯაԱրմենاحمدعيبנחםיששׁ王伟김은नरेンド";
  const anyName = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(...LETTERS.split("")), maxLength: 40 }),
  );

  it("gives tokens of a to z only and never throws", () => {
    fc.assert(
      fc.property(anyName, (raw) => {
        for (const token of canonicalName(raw)) {
          expect(token.fold).toMatch(/^[a-z]+$/u);
          expect(token.skeleton).toMatch(/^[a-z]+$/u);
          expect(token.root).toMatch(/^[a-z]+$/u);
          expect(token.initial).toMatch(/^[a-z]$/u);
          expect(token.skeleton.startsWith(token.initial)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("does not depend on Unicode form", () => {
    fc.assert(
      fc.property(anyName, (raw) => {
        expect(canonicalName(raw.normalize("NFD"))).toEqual(canonicalName(raw.normalize("NFC")));
        expect(canonicalName(raw.normalize("NFKD"))).toEqual(canonicalName(raw.normalize("NFC")));
      }),
      { numRuns: 2000 },
    );
  });

  it("does not depend on case", () => {
    fc.assert(
      fc.property(anyName, (raw) => {
        expect(canonicalName(raw.toUpperCase())).toEqual(canonicalName(raw));
        expect(canonicalName(raw.toLowerCase())).toEqual(canonicalName(raw));
      }),
      { numRuns: 2000 },
    );
  });

  it("does not depend on case or Unicode form of any single letter", () => {
    const dependent: string[] = [];
    for (let code = 0; code <= 0xffff; code++) {
      const raw = `${String.fromCharCode(code)}ba`;
      const expected = JSON.stringify(canonicalName(raw));
      const variants = [raw.toUpperCase(), raw.toLowerCase(), raw.normalize("NFD"), raw.normalize("NFKC")];
      if (variants.some((variant) => JSON.stringify(canonicalName(variant)) !== expected)) dependent.push(raw);
    }
    expect(dependent).toEqual([]);
  });

  it("keeps the order of the words it is given", () => {
    const word = fc.constantFrom("Marko", "Хоџа", "Παύλος", "Çelik", "Szabó", "Petrova", "Müller", "Gjergj");
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        expect(folds(words.join(" "))).toBe(words.map(folds).join(" "));
      }),
    );
  });
});
