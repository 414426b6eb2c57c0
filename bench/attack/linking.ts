/**
 * Attack `linking`: one list sent twice to one counterpart, or to two counterparts. Which rows of one batch are which of the
 * other? The attacker holds the batches and their joins; he knows no list and no key.
 */
import type { OpenBatch } from "#client/link.ts";
import { handleOf, type Batch } from "#engine/batch/read.ts";
import type { Scale } from "../measurement.ts";
import type { Attack, Finding } from "./finding.ts";
import { sameUniqueColour } from "./graph.ts";
import { judgeGuesses, scaledGuesses } from "./guess.ts";
import { blurred, joinedGraph, type Blur, type JoinedGraph } from "./joined-graph.ts";
import type { SeenRow } from "./likelihood.ts";
import { linkScores, type LinkExamples } from "./link-scores.ts";
import { naiveBatch, naiveGraph, type NaiveBatch } from "./naive.ts";
import { seenRows, touchesOf } from "./one-list.ts";
import { listRowOf, viewPairing } from "./pairing-view.ts";
import { describeScene, makeScene, type Scene, type SceneSize } from "./scene.ts";

const SIZES: Record<Scale, { recordsPerParty: number; overlaps: readonly number[] }> = {
  smoke: { recordsPerParty: 600, overlaps: [0.2] },
  usual: { recordsPerParty: 2_000, overlaps: [0.05, 0.2, 0.5] },
  full: { recordsPerParty: 5_000, overlaps: [0.05, 0.2, 0.5] },
};
const MOST = 0.001;
const CONTROL = 0.9;
/** Places of rows in two shuffles go together by chance this many standard deviations once in two million times. */
const ORDER_DEVIATIONS = 5;

export const linking: Attack = {
  name: "linking",
  about:
    "a list sent twice, or to two counterparts, no list, no key: equal bytes, order, refinement of the joins, likelihood",
  async *run(scale, seed): AsyncIterable<Finding> {
    const { recordsPerParty, overlaps } = SIZES[scale];
    for (const overlap of overlaps) yield* linkingOf({ seed, recordsPerParty, partyCount: 3, overlap });
  },
};

async function* linkingOf(size: SceneSize): AsyncIterable<Finding> {
  const scene = await makeScene(size);
  const learnt = await makeScene({ ...size, seed: size.seed + 1 });
  const { first, again, elsewhere } = viewsOf(scene);
  const rows = first.a.list.rows.length;
  const variants = [
    [`${describeScene(size)}, two rounds`, again],
    [`${describeScene(size)}, two counterparts`, elsewhere],
  ] as const;
  const naive = await naiveSendings(scene);
  for (const [variant, other] of variants) {
    const bytes = { variant, measure: "share of rows linked by equal keys or handles" };
    yield { ...bytes, against: "ours", figure: linkedByBytes(first.a.batch, other.a.batch) / rows, most: 0 };
    yield { ...bytes, against: "control", figure: naivelyLinkedByBytes(naive.first, naive.first), above: CONTROL };
    const most = ORDER_DEVIATIONS / Math.sqrt(rows);
    yield { variant, against: "ours", measure: "correlation of places", figure: orderOf(first.a, other.a), most };
    const [own, its] = [joinedGraph(first), joinedGraph(other)];
    const structure = { variant, measure: "share of rows linked by structure" };
    const linked = linkedByColour(own, its);
    const touched = own.side.filter((side) => side === 0).length;
    const linkedBehind = (hidden: Blur): number => linkedByColour(blurred(own, hidden), blurred(its, hidden)) / rows;
    const also = {
      rows,
      touched,
      ofTouched: linked / touched,
      ifClassesWereHidden: linkedBehind("classes"),
      ifRulesWereHiddenToo: linkedBehind("classes and rules"),
    };
    yield { ...structure, against: "ours", figure: linked / rows, most: MOST, also };
    yield { ...structure, against: "control", figure: naivelyLinkedByColour(naive.first, naive.again), above: CONTROL };
  }
  const { first: ownFirst, elsewhere: ownElsewhere } = viewsOf(learnt);
  yield guessedFinding(
    variants[1][0],
    rows,
    [joinedGraph(first), joinedGraph(elsewhere)],
    [joinedGraph(ownFirst), joinedGraph(ownElsewhere)],
  );
}

function viewsOf({ parties: [own = "", one = "", other = ""], encodedOf }: Scene) {
  return {
    first: viewPairing(encodedOf(own), encodedOf(one)),
    again: viewPairing(encodedOf(own), encodedOf(one)),
    elsewhere: viewPairing(encodedOf(own), encodedOf(other)),
  };
}

/** The list twice as the naive program sends it; that it is the same key is left to whoever compares bytes. */
async function naiveSendings({
  parties: [own = ""],
  recordsOf,
}: Scene): Promise<{ first: NaiveBatch; again: NaiveBatch }> {
  return {
    first: await naiveBatch(recordsOf(own), "the one key"),
    again: await naiveBatch(recordsOf(own), "another key"),
  };
}

/** @returns Rows of the other batch that hold a key or a handle which a row of the one holds. */
function linkedByBytes(one: Batch, other: Batch): number {
  const known = new Set<string>();
  const visit = (batch: Batch, see: (row: number, name: string) => void): void => {
    for (let row = 0; row < batch.rowCount; row++) see(row, handleOf(batch, row));
    for (const { upper, lower, row } of batch.columns)
      row.forEach((holder, at) => {
        see(holder, `${upper[at]} ${lower[at]}`);
      });
  };
  visit(one, (_, name) => {
    known.add(name);
  });
  const linked = new Set<number>();
  visit(other, (row, name) => {
    if (known.has(name)) linked.add(row);
  });
  return linked.size;
}

/** @returns Share of rows whose keys, all together, no other row has, and that stand so in both. */
function naivelyLinkedByBytes(one: NaiveBatch, other: NaiveBatch): number {
  const [ownRows, itsRows] = [one, other].map(({ cells }) => {
    const keys = new Map<number, string>();
    for (const { row, rule, key } of cells) keys.set(row, `${keys.get(row) ?? ""} ${rule}:${key}`);
    return uniqueNames(keys);
  });
  return [...(ownRows ?? [])].filter(([name, row]) => itsRows?.get(name) === row).length / one.rows;
}

function uniqueNames(names: ReadonlyMap<number, string>): Map<string, number> {
  const count = Map.groupBy(names, ([, name]) => name);
  return new Map([...count].flatMap(([name, rows]) => (rows.length === 1 ? [[name, rows[0]?.[0] as number]] : [])));
}

/** @returns Pearson's correlation of where the rows of one list stand in two batches, without its sign. */
function orderOf(one: OpenBatch, other: OpenBatch): number {
  const [own, its] = [one, other].map((open) => {
    const places = new Map<number, number>();
    for (let row = 0; row < open.batch.rowCount; row++)
      places.set(listRowOf(open, row), row / open.batch.rowCount - 0.5);
    places.delete(-1);
    return places;
  });
  let [sum, squares, itsSquares] = [0, 0, 0];
  for (const [row, place] of own ?? []) {
    const there = its?.get(row) as number;
    sum += place * there;
    squares += place ** 2;
    itsSquares += there ** 2;
  }
  return Math.abs(sum) / Math.sqrt(squares * itsSquares);
}

/** @returns Rows of the first side whose colour is unique in both joins, and that are one row of the list. */
function linkedByColour(one: JoinedGraph, other: JoinedGraph): number {
  const nodesOf = ({ side }: JoinedGraph): number[] => [...side.keys()].filter((node) => side[node] === 0);
  return sameUniqueColour(one.graph, nodesOf(one), other.graph, nodesOf(other)).filter(
    ([node, itsNode]) => one.listRow[node] === other.listRow[itsNode],
  ).length;
}

function naivelyLinkedByColour(one: NaiveBatch, other: NaiveBatch): number {
  const rows = Array.from({ length: one.rows }, (_, row) => row);
  const linked = sameUniqueColour(naiveGraph([one]), rows, naiveGraph([other]), rows);
  return linked.filter(([row, itsRow]) => row === itsRow).length / one.rows;
}

type TwoJoins = readonly [JoinedGraph, JoinedGraph];

/** Joins with two counterparts are two graphs: rows are held against each other by what agrees, one to one. */
function guessedFinding(variant: string, rows: number, joins: TwoJoins, learnt: TwoJoins): Finding {
  const [one, other] = joins;
  const [seen, its] = [seenOf(one), seenOf(other)];
  const scoreOf = linkScores(examplesOf(learnt));
  const guesses = scaledGuesses(
    [...seen].map(([node, row]) => {
      const scored = [...its].map(([itsNode, itsRow]) => [itsNode, scoreOf(row, itsRow)] as const);
      const possible = scored.filter(([, score]) => score > -Infinity);
      return {
        node,
        candidates: Uint32Array.from(possible, ([itsNode]) => itsNode),
        scores: Float64Array.from(possible, ([, score]) => score),
      };
    }),
    other.listRow.length,
  );
  const found = judgeGuesses(guesses, (node, itsNode) => one.listRow[node] === other.listRow[itsNode]);
  return {
    variant,
    against: "ours",
    measure: "share of rows linked by likelihood",
    figure: found.right / rows,
    most: MOST,
    also: { rows, touched: seen.size, ...found },
  };
}

function seenOf(join: JoinedGraph): Map<number, SeenRow> {
  return seenRows(join, touchesOf(join, 0));
}

function examplesOf([one, other]: TwoJoins): LinkExamples {
  const [seen, its] = [seenOf(one), seenOf(other)];
  const rowOf = new Map([...its].map(([node, row]) => [other.listRow[node], row]));
  const same = [...seen].flatMap(([node, row]): [SeenRow, SeenRow][] => {
    const there = rowOf.get(one.listRow[node]);
    return there === undefined ? [] : [[row, there]];
  });
  return { first: [...seen.values()], second: [...its.values()], same };
}
