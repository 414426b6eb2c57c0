/** Which texts of a record the leak search looks for. */
import { expect, test } from "vitest";
import { parsePerson } from "#engine/encode/person.ts";
import { findLeaks } from "../../demo/leak-search.ts";
import { indexNeedles } from "../../demo/needle-index.ts";
import { factsOfRecord } from "../../demo/record-facts.ts";

const record = {
  rec_id: "HU-1",
  party: "HU",
  family_name: "Kovács",
  given_name: "Ágnes",
  aliases: ["Nagy Ágnes Mária", "Ági"],
  dob: "1971-03-29",
  dob_alternatives: ["1972-03-29"],
  doc_number: "AB1234567",
  phone: "+36 30 555 0134",
  phones: ["0036305550135"],
};

test("a record's own line, and each of its facts alone, is found", () => {
  const index = indexNeedles(factsOfRecord(parsePerson(record, 1)));
  expect(new Set(findLeaks(index, Buffer.from(JSON.stringify(record))).map((leak) => leak.kind))).toEqual(
    new Set(["full name", "date of birth", "document", "telephone"]),
  );
  for (const text of [
    "Ágnes Kovács",
    "Kovács Ágnes",
    "Kovács, Ágnes",
    "kovacs agnes",
    "Mária Nagy Ágnes",
    "1972-03-29",
    "ab1234567",
    "0036305550135",
  ])
    expect(findLeaks(index, Buffer.from(text)), text).toHaveLength(1);
});

test("a record that has names alone is found by its line, and a word for unknown is no name", () => {
  const { rec_id, party, family_name, given_name } = record;
  const named = { rec_id, party, family_name, given_name };
  const index = indexNeedles(factsOfRecord(parsePerson(named, 1)));
  expect(findLeaks(index, Buffer.from(JSON.stringify(named)))).toHaveLength(1);
  expect(factsOfRecord(parsePerson({ ...named, given_name: "UNKNOWN" }, 1))).toEqual([]);
});
