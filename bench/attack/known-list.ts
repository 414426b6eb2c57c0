/**
 * What an attacker works out of a list that he holds in the clear: for each row its class, how many cells of each rule would
 * travel, and the values of its facts. Keys are no part of it: cells are counted, never compared with a batch's.
 */
import { carriersOf } from "#engine/encode/between.ts";
import { classOf } from "#engine/encode/coverage.ts";
import { recordEncoder } from "#engine/encode/encoded-records.ts";
import { factKind } from "#engine/encode/fact-kinds.ts";
import { factsOf } from "#engine/encode/facts.ts";
import { informationOf, shippedTable } from "#engine/encode/information.ts";
import type { CellMaker } from "#engine/encode/cells.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { nameReader } from "#engine/encode/names/name-reader.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import type { Profile } from "#engine/profile.ts";

/** What shows of a row: its class, and cells of each rule; in a join, those by which it touches others, all partners together. */
export type SeenRow = { readonly coverage: number; readonly cells: Uint8Array };

export type KnownList = {
  readonly profile: Profile;
  readonly count: number;
  readonly classes: Uint8Array;
  /** Cells of each row that travel, row by row, rules in profile order. */
  readonly travelling: Uint8Array;
  /** Of each fact of the profile's rules: its values in each row, as numbers. */
  readonly values: ReadonlyMap<string, readonly ReadonlySet<number>[]>;
};

/** The party's list itself: its rows, and the cells that are unique in it. */
export function knownRows(list: EncodedList, records: readonly PersonRecord[], thresholdBits: number): KnownList {
  const { profile, coverage, classes, rows } = list;
  const rowOf = new Map([...rows].flatMap(({ refs }, row) => refs.map((ref): [string, number] => [ref, row])));
  const travelling = countTravelling(profile, rows.length, coverage, thresholdBits, (rule) => list.cells.read(rule));
  const values = valuesOf(profile, records, rows.length, ({ rec_id }) => rowOf.get(rec_id) as number);
  return { profile, count: rows.length, classes, travelling, values };
}

/** A register: what would travel of each record if its list held no other that shares it. */
export function knownRegister(
  profile: Profile,
  makeCells: CellMaker,
  records: readonly PersonRecord[],
  thresholdBits: number,
): KnownList {
  const count = records.length;
  const { coverage, columns } = recordEncoder(profile, makeCells)(records);
  const travelling = countTravelling(profile, count, coverage, thresholdBits, (rule) => columns[rule] as CellsOwned);
  const row = new Map(records.map((record, at) => [record, at]));
  const values = valuesOf(profile, records, count, (record) => row.get(record) as number);
  return { profile, count, classes: coverage.map((bits) => classOf(profile, bits)), travelling, values };
}

/** @returns How many cells of each rule travel of a row. */
export function cellsOf({ profile, travelling }: KnownList, row: number): Uint8Array {
  const { length } = profile.rules;
  return travelling.subarray(row * length, (row + 1) * length);
}

/** @returns Every row as it shows when all of its cells do. */
export function allRows(known: KnownList): Map<number, SeenRow> {
  return new Map(Array.from(known.classes, (coverage, row) => [row, { coverage, cells: cellsOf(known, row) }]));
}

type CellsOwned = { readonly owner: Uint32Array; readonly bits: Float32Array };

function countTravelling(
  profile: Profile,
  count: number,
  coverage: Uint8Array,
  thresholdBits: number,
  cellsOf: (rule: number) => CellsOwned,
): Uint8Array {
  const ruleCount = profile.rules.length;
  const travelling = new Uint8Array(count * ruleCount);
  for (const [index, rule] of profile.rules.entries()) {
    const { owner, bits } = cellsOf(index);
    const { carries } = carriersOf(rule);
    owner.forEach((row, at) => {
      if ((bits[at] as number) < thresholdBits || !carries(coverage[row] as number)) return;
      const cell = row * ruleCount + index;
      travelling[cell] = (travelling[cell] as number) + 1;
    });
  }
  return travelling;
}

function valuesOf(
  { rules, frequencyTable }: Profile,
  records: readonly PersonRecord[],
  count: number,
  rowOf: (record: PersonRecord) => number,
): Map<string, ReadonlySet<number>[]> {
  const information = informationOf(shippedTable(frequencyTable));
  const readName = nameReader();
  const numbers = new Map<string, number>();
  const kinds = [...new Set(rules.flatMap(({ facts }) => facts))].map((name) => ({
    name,
    alternatives: factKind(name),
  }));
  const values = kinds.map(({ name }): [string, Set<number>[]] => [
    name,
    Array.from({ length: count }, () => new Set()),
  ]);
  for (const record of records) {
    const facts = factsOf(record, readName);
    const row = rowOf(record);
    kinds.forEach(({ name, alternatives }, kind) => {
      for (const { value } of alternatives(facts, information)) {
        const text = `${name} ${value}`;
        const number = numbers.get(text) ?? numbers.size;
        numbers.set(text, number);
        values[kind]?.[1][row]?.add(number);
      }
    });
  }
  return new Map(values);
}
