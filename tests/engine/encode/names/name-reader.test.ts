/**
 * Names of a list, each word canonicalised once.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalName } from "#engine/encode/names/canonical-name.ts";
import { nameReader } from "#engine/encode/names/name-reader.ts";
import { generatedRecords } from "../lists.ts";

test("a reader that remembers gives what one that does not gives", () => {
  const readName = nameReader();
  for (const { family_name, given_name, aliases, birth_place, address } of generatedRecords(500))
    for (const text of [family_name, given_name, ...aliases, birth_place, address])
      expect(readName(text)).toEqual(canonicalName(text));
});

test("an initial and a word of the same letters are kept apart", () => {
  const readName = nameReader();
  const words = fc.constantFrom("X", "X.", "Dž", "Dž.", "dž", "DŽ.", "Ana", "An", "An.", "M", "Љ.", "Љ");
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 4 }), (drawn) => {
      expect(readName(drawn.join(" "))).toEqual(canonicalName(drawn.join(" ")));
    }),
  );
});
