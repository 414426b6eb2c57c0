/**
 * Attack `similarity`: the graph of what rows of a batch have in common, matched with that of the same list in the clear. The
 * attacker knows the scheme and the list, and no key. Vidanage, Christen, Ranbaduge and Schnell (2020), "A Graph Matching
 * Attack on Privacy-Preserving Record Linkage", CIKM; Schäfer, Armknecht and Heng (2024), "R+R: Revisiting Graph Matching
 * Attacks on Privacy-Preserving Record Linkage", ACSAC.
 */
import type { EncodedList } from "#engine/encode/list.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import { Draws } from "#fixtures/draws.ts";
import type { Scale } from "../measurement.ts";
import type { Attack, Finding } from "./finding.ts";
import { joinedGraph } from "./joined-graph.ts";
import { cellsOf, knownRows } from "./known-list.ts";
import { naiveBatch, type NaiveBatch } from "./naive.ts";
import { described, matchNodes, type DescribedGraph, type SimilarityGraph } from "./node-matching.ts";
import { seenRows, touchesOf } from "./one-list.ts";
import { listRowOf, thresholdOf, viewPairing, type PairingView } from "./pairing-view.ts";
import { makeScene } from "./scene.ts";
import { shuffled } from "./shuffle.ts";

const RECORDS = 1_000;
const OVERLAP = 0.2;
const SEEDS: Record<Scale, number> = { smoke: 1, usual: 5, full: 5 };
/** Of each seed, under fresh keys. */
const PAIRINGS: Record<Scale, number> = { smoke: 4, usual: 3, full: 10 };
const CONTROL_RECORDS: Record<Scale, number> = { smoke: 300, usual: 1_000, full: 1_000 };
const MEASURE = "share of rows matched with their own record";

export const similarity: Attack = {
  name: "similarity",
  about: "similarity graph of a batch matched with that of the same list in the clear (Vidanage et al. 2020)",
  async *run(scale, seed): AsyncIterable<Finding> {
    const shares = { alone: [] as number[], joined: [] as number[], naive: [] as number[], chance: [] as number[] };
    for (let next = 0; next < SEEDS[scale]; next++) {
      const scene = await makeScene({ seed: seed + next, recordsPerParty: RECORDS, partyCount: 2, overlap: OVERLAP });
      const [own = "", counterpart = ""] = scene.parties;
      const [list, other] = [scene.encodedOf(own), scene.encodedOf(counterpart)];
      const facts = await factsOf(list, scene.recordsOf(own));
      const draws = new Draws(seed, next);
      const order = shuffled([...list.classes.keys()], draws);
      const known = (attributes: readonly Float64Array[]): DescribedGraph =>
        described(listGraph(list, facts, order, attributes));
      const bare = known(noAttributes(order.length));
      const clear = knownRows(list, scene.recordsOf(own), thresholdOf(viewPairing(list, other)));
      const travelling = known(Array.from(list.classes, (_, row) => Float64Array.from(cellsOf(clear, row))));
      for (let pairing = 0; pairing < PAIRINGS[scale]; pairing++) {
        const view = viewPairing(list, other);
        shares.alone.push(shareMatched(view, order, batchGraph(view), bare));
        shares.joined.push(shareMatched(view, order, touchGraph(view), travelling));
      }
      shares.chance.push(new Set(list.classes).size / order.length);
      const records = scene.recordsOf(own).slice(0, CONTROL_RECORDS[scale]);
      const naiveOrder = shuffled([...records.keys()], draws);
      const plain = naiveOrder.flatMap((row) => records[row] ?? []);
      const partner = matchNodes(
        naiveGraph(await naiveBatch(records, "a key")),
        naiveGraph(await naiveBatch(plain, "the attacker's own")),
      );
      shares.naive.push(partner.filter((at, row) => naiveOrder[at] === row).length / records.length);
    }
    const seeds = `${SEEDS[scale]} seed${SEEDS[scale] === 1 ? "" : "s"}`;
    const ours = { against: "ours", measure: MEASURE, most: 0.01, also: { chance: mean(shares.chance) } } as const;
    yield { variant: `one batch, 1,000 records, ${seeds}`, ...ours, figure: mean(shares.alone) };
    yield { variant: `after the join, 1,000 records, ${seeds}`, ...ours, figure: mean(shares.joined) };
    const variant = `${CONTROL_RECORDS[scale].toLocaleString("en")} records, ${seeds}`;
    yield { variant, against: "control", measure: MEASURE, figure: mean(shares.naive), above: 0.8 };
  },
};

const noAttributes = (rows: number): Float64Array[] => Array.from({ length: rows }, () => new Float64Array(0));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * @param order - Row of the list at each node of the known graph.
 * @returns Rows matched with themselves, of all of the list. Rows that look alike in everything are matched at random among
 *   them, so that each of n such counts 1/n, whichever came out.
 */
function shareMatched(
  { a }: PairingView,
  order: readonly number[],
  seen: SimilarityGraph,
  known: DescribedGraph,
): number {
  const count = seen.kinds.length;
  const looks = Array.from(seen.kinds, (kind, row) =>
    seen.similarity.subarray(row * count, (row + 1) * count).every((value) => value === 0)
      ? `${kind} ${seen.attributes[row]?.join()}`
      : `row ${row}`,
  );
  const alike = Map.groupBy(looks.keys(), (row) => looks[row]);
  const rowOf = new Map(looks.map((look, row) => [listRowOf(a, row), look]));
  const right = matchNodes(described(seen), known).reduce((sum, node, row) => {
    const look = looks[row];
    return node >= 0 && rowOf.get(order[node] as number) === look ? sum + 1 / (alike.get(look)?.length ?? 1) : sum;
  }, 0);
  return right / order.length;
}

/** What rows of one batch have in common: equal keys, of whatever rules. */
function batchGraph({ a: { batch } }: PairingView): SimilarityGraph {
  const holders = batch.columns.flatMap(({ upper, lower, row }) =>
    Array.from(row, (holder, at) => [`${upper[at]} ${lower[at]}`, holder] as const),
  );
  return {
    kinds: batch.classes,
    similarity: sharedBy(holders, batch.rowCount),
    attributes: noAttributes(batch.rowCount),
  };
}

/** What rows of a batch have in common after the join: rows of the other batch that they touch; and the rules by which they do. */
function touchGraph(view: PairingView): SimilarityGraph {
  const { a, pairs } = view;
  const joined = joinedGraph(view);
  const cells = new Map(
    [...seenRows(joined, touchesOf(joined, 0))].map(([node, seen]) => [joined.listRow[node], seen.cells]),
  );
  const none = new Float64Array(a.list.profile.rules.length);
  return {
    kinds: a.batch.classes,
    similarity: sharedBy(
      Array.from(pairs.rowA, (row, at) => [String(pairs.rowB[at]), row] as const),
      a.batch.rowCount,
    ),
    attributes: Array.from(a.batch.classes, (_, row) => Float64Array.from(cells.get(listRowOf(a, row)) ?? none)),
  };
}

/** Whoever holds a key or a row, by name. */
type Holding = readonly [name: string, row: number];

/**
 * The list in the clear.
 *
 * @param facts - That its rows hold.
 * @param order - Row of the list at each node.
 * @param attributes - Of each row of the list.
 */
function listGraph(
  list: EncodedList,
  facts: readonly Holding[],
  order: readonly number[],
  attributes: readonly Float64Array[],
): SimilarityGraph {
  const nodeOf = new Map(order.map((row, node) => [row, node]));
  return {
    kinds: Uint8Array.from(order, (row) => list.classes[row] as number),
    similarity: sharedBy(
      facts.map(([fact, row]) => [fact, nodeOf.get(row) as number]),
      order.length,
    ),
    attributes: order.map((row) => attributes[row] as Float64Array),
  };
}

/** @returns The usual compound facts of each row of the list, of all records in it, silenced or not. */
async function factsOf(list: EncodedList, records: readonly PersonRecord[]): Promise<Holding[]> {
  const rowOf = new Map([...list.rows].flatMap(({ refs }, row) => refs.map((ref) => [ref, row] as const)));
  return holdings(await naiveBatch(records, "the attacker's own")).map(([fact, record]) => [
    fact,
    rowOf.get(records[record]?.rec_id ?? "") as number,
  ]);
}

const holdings = ({ cells }: NaiveBatch): Holding[] => cells.map(({ rule, key, row }) => [`${rule} ${key}`, row]);

function naiveGraph(batch: NaiveBatch): DescribedGraph {
  return described({
    kinds: new Uint8Array(batch.rows),
    similarity: sharedBy(holdings(batch), batch.rows),
    attributes: noAttributes(batch.rows),
  });
}

/** @returns Jaccard coefficients of what each two of the rows hold, row by row; 0 of a row with itself. */
function sharedBy(holdings: readonly Holding[], rows: number): Float32Array {
  const holders = Map.groupBy(holdings, ([name]) => name);
  const held = new Uint32Array(rows);
  const shared = new Float32Array(rows * rows);
  for (const group of holders.values()) {
    const distinct = [...new Set(group.map(([, row]) => row))];
    for (const row of distinct) {
      held[row] = (held[row] as number) + 1;
      for (const other of distinct)
        if (other !== row) shared[row * rows + other] = (shared[row * rows + other] as number) + 1;
    }
  }
  return shared.map((count, at) =>
    count === 0 ? 0 : count / ((held[Math.floor(at / rows)] as number) + (held[at % rows] as number) - count),
  );
}
