/**
 * Published and prepared lists, read from a folder that the caller names; none of it is part of the project.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { parseDate, parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import { Draws } from "#fixtures/draws.ts";
import { pairName, type DataSet, type Sample } from "./sample.ts";

/** A data set, or the file that it lacks. */
export type ReadDataSet = DataSet | { readonly name: string; readonly missing: string };

type Row = Readonly<Record<string, string>>;
const FAKE_SPLITS = 5;

/** All lists of the folder, in a fixed order. */
export function readDataSets(folder: string): ReadDataSet[] {
  const febrl = ["febrl_dataset4a.csv", "febrl_dataset4b.csv"];
  return [
    readOr(folder, "see_synth", ["see_synth_A.jsonl", "see_synth_B.jsonl", "see_synth_truth.csv"], () => [
      seeSynth(folder),
    ]),
    readOr(folder, "febrl4 name+date+address", febrl, () => [febrl4(folder, true)]),
    readOr(folder, "febrl4 name+date", febrl, () => [febrl4(folder, false)]),
    readOr(folder, "fake_1000", ["splink_fake_1000.csv"], () =>
      Array.from({ length: FAKE_SPLITS }, (_, at) => fake1000(folder, 9401 + at)),
    ),
  ];
}

/** @returns Rows of a CSV file with a header, values and headers trimmed; undefined when it is not there. */
export function readRows(folder: string, file: string): Row[] | undefined {
  const path = join(folder, file);
  if (!existsSync(path)) return undefined;
  return parse(readFileSync(path, "utf8"), {
    columns: (header: string[]) => header.map((name) => name.trim()),
    bom: true,
    trim: true,
    relax_quotes: true,
    skip_empty_lines: true,
  });
}

function readOr(folder: string, name: string, files: readonly string[], read: () => Sample[]): ReadDataSet {
  const missing = files.find((file) => !existsSync(join(folder, file)));
  return missing === undefined ? { name, samples: read() } : { name, missing };
}

function seeSynth(folder: string): Sample {
  const read = (file: string): PersonRecord[] =>
    readFileSync(join(folder, file), "utf8")
      .trimEnd()
      .split("\n")
      .map((line, at) => parsePerson(JSON.parse(line), at + 1));
  const rows = readRows(folder, "see_synth_truth.csv") ?? [];
  const named = rows.map(({ rec_a = "", rec_b = "", home = "" }) => [pairName(rec_a, rec_b), home] as const);
  return {
    name: "see_synth",
    listA: read("see_synth_A.jsonl"),
    listB: read("see_synth_B.jsonl"),
    truth: new Set(named.map(([name]) => name)),
    homes: new Map(named),
  };
}

function febrl4(folder: string, withAddress: boolean): Sample {
  const read = (file: string): PersonRecord[] =>
    (readRows(folder, file) ?? []).map((row, at) =>
      parsePerson(
        {
          rec_id: row["rec_id"],
          family_name: row["surname"],
          given_name: row["given_name"],
          dob: dateOrNone(row["date_of_birth"] ?? ""),
          ...(withAddress && {
            address_street: `${row["street_number"] ?? ""} ${row["address_1"] ?? ""}`.trim(),
            address_locality: row["suburb"],
            address_postcode: row["postcode"],
          }),
        },
        at + 1,
      ),
    );
  const listA = read("febrl_dataset4a.csv");
  const listB = read("febrl_dataset4b.csv");
  const number = ({ rec_id }: PersonRecord): string => rec_id.split("-")[1] ?? "";
  return sampleBy("FEBRL 4", listA, listB, number);
}

/** Rows of one cluster are dealt to the two lists by a coin each; `city` is taken as the place of birth, the only place that one word can be. */
function fake1000(folder: string, seed: number): Sample {
  const clusters = new Map<string, string>();
  const lists: [PersonRecord[], PersonRecord[]] = [[], []];
  const draws = new Draws(seed);
  (readRows(folder, "splink_fake_1000.csv") ?? []).forEach((row, at) => {
    const record = parsePerson(
      {
        rec_id: `F${row["unique_id"] ?? ""}`,
        family_name: row["surname"],
        given_name: row["first_name"],
        dob: dateOrNone(row["dob"] ?? ""),
        birth_place: row["city"],
        online_ids: [row["email"] ?? ""].filter((email) => email !== ""),
      },
      at + 1,
    );
    clusters.set(record.rec_id, row["cluster"] ?? "");
    lists[draws.chance(0.5) ? 0 : 1].push(record);
  });
  return sampleBy(`fake_1000 split ${seed}`, ...lists, ({ rec_id }) => clusters.get(rec_id) ?? "");
}

function sampleBy(
  name: string,
  listA: readonly PersonRecord[],
  listB: readonly PersonRecord[],
  personOf: (record: PersonRecord) => string,
): Sample {
  const inB = Map.groupBy(listB, personOf);
  const truth = listA.flatMap((a) => (inB.get(personOf(a)) ?? []).map((b) => pairName(a.rec_id, b.rec_id)));
  return { name, listA, listB, truth: new Set(truth), homes: new Map() };
}

/** These lists write what no calendar has; such a date is a missing one. */
function dateOrNone(text: string): string {
  return parseDate(text) === undefined ? "" : text;
}
