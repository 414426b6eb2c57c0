/**
 * Attack `one-batch`: structure of a single batch, refined over every relation within it (Weisfeiler and Leman 1968).
 * The attacker holds the batch and knows no list and no key.
 */
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import type { Batch } from "#engine/batch/read.ts";
import type { Scale } from "../measurement.ts";
import type { Attack, Finding } from "./finding.ts";
import { refine, uniqueNodes, type LabelledGraph } from "./graph.ts";
import { naiveBatch, naiveGraph } from "./naive.ts";
import { viewPairing } from "./pairing-view.ts";
import { makeScene } from "./scene.ts";

const RECORDS: Record<Scale, readonly number[]> = {
  smoke: [600],
  usual: [5_000],
  full: [5_000, 20_000, 100_000],
};
const MEASURE = "share of rows that structure makes unique";

export const oneBatch: Attack = {
  name: "one-batch",
  about: "a batch alone, no list, no key: refinement over every relation within it (Weisfeiler and Leman 1968)",
  async *run(scale, seed): AsyncIterable<Finding> {
    for (const recordsPerParty of RECORDS[scale]) {
      const scene = await makeScene({ seed, recordsPerParty, partyCount: 2, overlap: 0.2 });
      const [own = "", other = ""] = scene.parties;
      const { batch } = viewPairing(scene.encodedOf(own), scene.encodedOf(other)).a;
      const variant = `${recordsPerParty.toLocaleString("en")} records`;
      const unique = uniqueNodes(refine(batchGraph(batch)), rowsOf(batch.rowCount)).length / batch.rowCount;
      yield { variant, against: "ours", measure: MEASURE, figure: unique, most: 0.001, also: { rows: batch.rowCount } };
      const naive = await naiveBatch(scene.recordsOf(own), "the one key");
      const naivelyUnique = uniqueNodes(refine(naiveGraph([naive])), rowsOf(naive.rows)).length / naive.rows;
      yield { variant, against: "control", measure: MEASURE, figure: naivelyUnique, above: 0.9 };
    }
  },
};

const rowsOf = (count: number): number[] => Array.from({ length: count }, (_, row) => row);

/** Rows by class, each tied to its keys; equal keys of any two rules are one node. */
function batchGraph({ rowCount, classes, columns }: Batch): LabelledGraph {
  const cells = columns.reduce((sum, { row }) => sum + row.length, 0);
  const nodes = new Map<bigint, number>();
  const [from, to, labels] = [new Uint32Array(cells), new Uint32Array(cells), new Uint32Array(cells)];
  let cell = 0;
  for (const [rule, { upper, lower, row }] of columns.entries())
    for (let at = 0; at < row.length; at++) {
      const key = (BigInt(upper[at] as number) << 32n) | BigInt(lower[at] as number);
      const node = nodes.get(key) ?? rowCount + nodes.size;
      nodes.set(key, node);
      from[cell] = row[at] as number;
      to[cell] = node;
      labels[cell++] = rule;
    }
  const colours = new Uint32Array(rowCount + nodes.size).fill(SHIPPED_PROFILE.coverageClasses.length);
  colours.set(classes);
  return { colours, from, to, labels };
}
