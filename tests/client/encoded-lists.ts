/**
 * Lists of fixtures/small, encoded for tests of the client.
 */
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import type { EncodedList } from "#engine/encode/list.ts";
import { parsePerson, type PersonRecord } from "#engine/encode/person.ts";
import { encoded } from "../engine/encode/lists.ts";

export const SMALL = new URL("../../fixtures/small/", import.meta.url).pathname;

/** @returns The records of one party's small list. */
export function smallRecords(party: string): PersonRecord[] {
  const lines = readFileSync(`${SMALL}${party}.jsonl`, "utf8").trimEnd().split("\n");
  return lines.map((line, at) => parsePerson(JSON.parse(line), at + 1));
}

/** @returns One party's small list, encoded. */
export function smallList(party: string): EncodedList {
  return encoded(smallRecords(party));
}

/** @returns True pairs of two parties' small lists, references of the first party first. */
export function smallTruth(partyA: string, partyB: string): [string, string][] {
  const rows: Record<string, string>[] = parse(readFileSync(`${SMALL}truth.csv`), { columns: true });
  return rows
    .filter((row) => row["party_a"] === partyA && row["party_b"] === partyB)
    .map(({ rec_a = "", rec_b = "" }) => [rec_a, rec_b]);
}
