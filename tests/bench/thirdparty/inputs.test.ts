/** The same people and keys for all systems. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { drawColumns } from "#bench/key-columns.ts";
import { judgePairs } from "#bench/thirdparty/judged-pairs.ts";
import { keyTexts, readKeyFiles, writeKeyFiles } from "#bench/thirdparty/key-files.ts";
import { generatePeople, preparedPeople, RIVAL_COLUMNS } from "#bench/thirdparty/people.ts";

const folder = mkdtempSync(join(tmpdir(), "aquila-thirdparty-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("a rival's table has every record of the list, its letters as written but in lower case", async () => {
  const people = await generatePeople(["RS", "BG"], 200, join(folder, "people"));
  for (const side of [0, 1] as const) {
    const list = readFileSync(people.lists[side], "utf8").trimEnd().split("\n");
    const [header, ...rows] = readFileSync(people.tables[side], "utf8").trimEnd().split("\n");
    expect(header).toBe(RIVAL_COLUMNS.join(","));
    expect(rows).toHaveLength(list.length);
    const text = rows.map((row) => row.slice(row.indexOf(","))).join("\n");
    expect(text).toBe(text.toLowerCase());
    expect(text).toMatch(/\p{Script=Cyrillic}/u);
  }
  expect(people.truth.length).toBeGreaterThan(0);
  expect(people.truth.flat().every((ref) => /^(RS|BG)-/.test(ref))).toBe(true);
});

test("prepared lists come with dates as ISO 8601 and placeholders empty; those that are not there are none", () => {
  const data = join(folder, "data");
  mkdirSync(data);
  const record = { family_name: "Kovač", given_name: "Ana", doc_number: "UNKNOWN", aliases: ["Anica", "ANA K."] };
  writeFileSync(join(data, "see_synth_A.jsonl"), JSON.stringify({ ...record, rec_id: "A1", dob: "15.3.1980" }));
  writeFileSync(join(data, "see_synth_B.jsonl"), JSON.stringify({ ...record, rec_id: "B1", dob: "1980-00-00" }));
  writeFileSync(join(data, "see_synth_truth.csv"), "rec_a,rec_b,home\nA1,B1,SI\n");
  const [people, ...others] = preparedPeople(data, join(folder, "prepared"));
  expect(others).toEqual([]);
  expect(people).toMatchObject({ name: "see_synth", rows: [1, 1], truth: [["A1", "B1"]] });
  const rows = people?.tables.map((path) => readFileSync(path, "utf8").trimEnd().split("\n")[1]);
  expect(rows).toEqual(["A1,kovač,ana,1980-03-15,,,,,,anica|ana k.", "B1,kovač,ana,1980,,,,,,anica|ana k."]);
  expect(preparedPeople(folder, join(folder, "none"))).toEqual([]);
});

test("pairs are judged by any weight that orders them, whichever party's reference is first in the truth", () => {
  const path = join(folder, "pairs.csv");
  writeFileSync(path, "ref_a,ref_b,weight_bits,band\nRS-1,BG-1,0.9,\nRS-2,BG-2,0.8,\nRS-3,BG-3,0.7,\n");
  expect(
    judgePairs(path, [
      ["BG-1", "RS-1"],
      ["BG-3", "RS-3"],
      ["BG-4", "RS-4"],
    ]),
  ).toMatchObject({
    truePairs: 3,
    pairs: 3,
    recallAt95: 1 / 3,
    recallAt99: 1 / 3,
  });
});

test("a weight that is none is refused", () => {
  const path = join(folder, "bad.csv");
  writeFileSync(path, "ref_a,ref_b,weight_bits,band\nRS-1,BG-1,,\n");
  expect(() => judgePairs(path, [])).toThrow("a weight is no number");
});

test("key files hold the columns, cell by cell", () => {
  const { a, b } = drawColumns(1000, 50, 5);
  writeKeyFiles(folder, "a", a);
  writeKeyFiles(folder, "b", b);
  expect(readKeyFiles(folder, "a")).toEqual(a);
  expect(readKeyFiles(folder, "b")).toEqual(b);
});

test("a key's first byte in its file is its lowest, its text begins with its highest", () => {
  const column = { upper: Uint32Array.of(1), lower: Uint32Array.of(0xabcd), row: Uint32Array.of(7) };
  writeKeyFiles(folder, "a", column);
  expect([...readFileSync(join(folder, "a.keys"))]).toEqual([0xcd, 0xab, 0, 0, 1, 0, 0, 0]);
  expect(keyTexts(column)).toEqual(["000000010000abcd"]);
});
