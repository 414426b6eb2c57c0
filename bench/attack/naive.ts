/**
 * The naive program that attacks have to succeed on: keyed hashes of the usual compound facts under one key for all parties
 * and rounds, with no uniqueness, no threshold, no filler and no padding, rows in the order of the list.
 */
import { createHmac } from "node:crypto";
import { cellMaker } from "#engine/encode/cells.ts";
import { recordEncoder } from "#engine/encode/encoded-records.ts";
import { shippedTable } from "#engine/encode/information.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import type { Profile } from "#engine/profile.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { LabelledGraph } from "./graph.ts";

/** Match-keys as record linkage has used them for decades. */
const RULES = [
  ["family-given", ["pair-skeleton"]],
  ["token", ["token-skeleton"]],
  ["year", ["birth-year"]],
  ["day-month", ["birth-day-month"]],
  ["date", ["birth-date"]],
  ["token-year", ["token-skeleton", "birth-year"]],
  ["place", ["birth-place"]],
  ["place-year", ["birth-place", "birth-year"]],
] as const;
const SLOTS = 2;
export const NAIVE_RULES = RULES.length;

const PROFILE: Profile = {
  ...SHIPPED_PROFILE,
  rules: RULES.map(([id, facts]) => ({ id, slots: SLOTS, facts: [...facts], evidence: [] })) as never,
};

/** One hash that a row holds under a rule. */
export type NaiveCell = { readonly row: number; readonly rule: number; readonly key: string };

export type NaiveBatch = { readonly rows: number; readonly cells: readonly NaiveCell[] };

/** @param secret - The one key; parties and rounds share it. */
export async function naiveBatch(records: readonly PersonRecord[], secret: string): Promise<NaiveBatch> {
  const makeCells = await cellMaker(PROFILE, shippedTable(PROFILE.frequencyTable));
  const { columns } = recordEncoder(PROFILE, makeCells)(records);
  const cells = columns.flatMap(({ digests, owner }, rule) =>
    [...owner].map((row, at): NaiveCell => {
      const mac = createHmac("sha256", secret).update(digests.subarray(16 * at, 16 * at + 16));
      return { row, rule, key: mac.digest("base64url").slice(0, 11) };
    }),
  );
  return { rows: records.length, cells };
}

/** @returns Rows of all batches, one behind the other, coloured by batch, then the keys: each row tied to the keys it holds. */
export function naiveGraph(batches: readonly NaiveBatch[]): LabelledGraph {
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const keys = new Map<string, number>();
  const [from, to, labels]: [number[], number[], number[]] = [[], [], []];
  const rowColours: number[] = [];
  let first = 0;
  for (const [index, batch] of batches.entries()) {
    for (let row = 0; row < batch.rows; row++) rowColours.push(index);
    for (const { row, rule, key } of batch.cells) {
      const name = `${rule} ${key}`;
      const node = keys.get(name) ?? rows + keys.size;
      keys.set(name, node);
      from.push(first + row);
      to.push(node);
      labels.push(rule);
    }
    first += batch.rows;
  }
  const colours = new Uint32Array(rows + keys.size).fill(batches.length);
  colours.set(rowColours);
  return { colours, from: Uint32Array.from(from), to: Uint32Array.from(to), labels: Uint32Array.from(labels) };
}
