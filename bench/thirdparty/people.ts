/**
 * The people that all are measured on: two parties' generated lists, with truth.
 * Rivals get the same records as a table of plain columns, in lower case (NFC), as their own users prepare lists; scripts and
 * letters stay as the party wrote them, for no rival folds them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { parse } from "csv-parse/sync";
import { writeFixtures } from "#fixtures/list-files.ts";
import type { FixtureRecord } from "#fixtures/record.ts";

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

export type People = {
  /** What the lines call this data, such as `HR-SI, seed 7, life`. */
  readonly name: string;
  readonly recordsPerParty: number;
  /** Each party's list as Aquila reads it. */
  readonly lists: readonly [a: string, b: string];
  /** The same lists as CSV with {@link RIVAL_COLUMNS}. */
  readonly tables: readonly [a: string, b: string];
  /** True pairs of references across the two lists. */
  readonly truth: readonly (readonly [string, string])[];
};

/**
 * Generates the lists and writes them, and the rivals' tables, to a folder.
 *
 * @param pairing - Codes of two parties.
 * @param folder - Empty or missing.
 */
export async function writePeople(
  pairing: readonly [string, string],
  recordsPerParty: number,
  folder: string,
): Promise<People> {
  await writeFixtures({ seed: SEED, preset: PRESET, overlap: OVERLAP, parties: pairing, recordsPerParty }, folder);
  const [a, b] = pairing;
  const lists = [join(folder, `${a}.jsonl`), join(folder, `${b}.jsonl`)] as const;
  const tables = [join(folder, "a.csv"), join(folder, "b.csv")] as const;
  for (const side of [0, 1] as const) writeFileSync(tables[side], rivalTable(readRecords(lists[side])));
  const rows: string[][] = parse(readFileSync(join(folder, "truth.csv")), { from_line: 2 });
  const truth = rows.map(([one = "", other = ""]) => [one, other] as const);
  return { name: `${a}-${b}, seed ${SEED}, ${PRESET}`, recordsPerParty, lists, tables, truth };
}

/** @returns CSV with a header. */
export function rivalTable(records: readonly FixtureRecord[]): string {
  const rows = records.map((record) => [
    record.rec_id,
    ...[
      record.family_name,
      record.given_name,
      record.dob,
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

function readRecords(path: string): FixtureRecord[] {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as FixtureRecord);
}

function plain(text: string): string {
  return text.normalize("NFC").toLowerCase();
}
