/**
 * The people that all are measured on: two lists with truth, generated or of a folder of prepared lists.
 * Rivals get the same records as a table of plain columns, as their own users prepare lists: lower case (NFC), dates as ISO
 * 8601, placeholders empty. Scripts and letters stay as the party wrote them, for no rival folds them.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { parse } from "csv-parse/sync";
import { readDataSets } from "#bench/quality/data-samples.ts";
import { pairRefs, type Sample } from "#bench/quality/sample.ts";
import { isPlaceholder, parseDate, parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import { writeFixtures } from "#fixtures/list-files.ts";

const SEED = 7;
const OVERLAP = 0.08;
const PRESET = "life";

/** Columns of a rival's table, in order. */
export const RIVAL_COLUMNS = [
  "ref",
  "family_name",
  "given_name",
  "dob",
  "sex",
  "nationality",
  "birth_place",
  "doc_number",
  "phone",
  "aliases",
] as const;

/** Joins the aliases of a record in one cell. */
const ALIAS_SEPARATOR = "|";
/** Of the prepared lists those that need no other columns than the rivals' tables have. */
const PREPARED = ["see_synth", "febrl4 name+date"];

type Refs = readonly [refA: string, refB: string];

export type People = {
  /** What the lines call this data, such as `HR-SI, seed 7, life`. */
  readonly name: string;
  readonly rows: readonly [a: number, b: number];
  /** Each party's list as Aquila reads it. */
  readonly lists: readonly [a: string, b: string];
  /** The same lists as CSV with {@link RIVAL_COLUMNS}. */
  readonly tables: readonly [a: string, b: string];
  /** True pairs of references across the two lists. */
  readonly truth: readonly Refs[];
};

/**
 * Generates two parties' lists.
 *
 * @param pairing - Codes of the parties.
 * @param folder - Where the lists and the rivals' tables go; empty or missing.
 */
export async function generatePeople(
  pairing: readonly [string, string],
  recordsPerParty: number,
  folder: string,
): Promise<People> {
  await writeFixtures({ seed: SEED, preset: PRESET, overlap: OVERLAP, parties: pairing, recordsPerParty }, folder);
  const [a, b] = pairing;
  const lists = [join(folder, `${a}.jsonl`), join(folder, `${b}.jsonl`)] as const;
  const rows: string[][] = parse(readFileSync(join(folder, "truth.csv")), { from_line: 2 });
  const truth = rows.map(([one = "", other = ""]): Refs => [one, other]);
  return withTables({ name: `${a}-${b}, seed ${SEED}, ${PRESET}`, lists, truth }, lists.map(readRecords), folder);
}

/**
 * Lists of a folder of prepared lists, as `bench quality --data` reads them; none of it is part of the project.
 *
 * @returns Those that are there.
 */
export function preparedPeople(data: string, folder: string): People[] {
  return readDataSets(data).flatMap((dataSet) => {
    if ("missing" in dataSet || !PREPARED.includes(dataSet.name)) return [];
    return dataSet.samples.map((sample) => samplePeople(dataSet.name, sample, join(folder, dataSet.name)));
  });
}

function samplePeople(name: string, sample: Sample, folder: string): People {
  mkdirSync(folder, { recursive: true });
  const lists = [join(folder, "a.jsonl"), join(folder, "b.jsonl")] as const;
  const records = [sample.listA, sample.listB] as const;
  for (const side of [0, 1] as const) {
    writeFileSync(lists[side], records[side].map((record) => `${JSON.stringify(record)}\n`).join(""));
  }
  return withTables({ name, lists, truth: [...sample.truth].map(pairRefs) }, records, folder);
}

function withTables(
  people: Pick<People, "name" | "lists" | "truth">,
  [a = [], b = []]: readonly (readonly PersonRecord[])[],
  folder: string,
): People {
  const tables = [join(folder, "a.csv"), join(folder, "b.csv")] as const;
  writeFileSync(tables[0], rivalTable(a));
  writeFileSync(tables[1], rivalTable(b));
  return { ...people, rows: [a.length, b.length], tables };
}

function rivalTable(records: readonly PersonRecord[]): string {
  const rows = records.map((record) => [
    record.rec_id,
    ...[
      record.family_name,
      record.given_name,
      isoDate(record.dob),
      record.sex,
      record.nationality,
      record.birth_place,
      record.doc_number,
      record.phone,
      record.aliases.join(ALIAS_SEPARATOR),
    ].map(plain),
  ]);
  return stringify([[...RIVAL_COLUMNS], ...rows]);
}

function readRecords(path: string): PersonRecord[] {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line, at) => parsePerson(JSON.parse(line), at + 1));
}

function plain(text: string): string {
  return isPlaceholder(text) ? "" : text.normalize("NFC").toLowerCase();
}

/** As far as the date is known. */
function isoDate(text: string): string {
  const { year, month, day } = parseDate(text) ?? {};
  const parts = [year, month, day].flatMap((part) => (part === undefined ? [] : [String(part).padStart(2, "0")]));
  return parts.join("-");
}
