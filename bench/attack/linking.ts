/**
 * Attack `linking`: one list sent twice to one counterpart, or to two counterparts. Which rows of one batch are which of the
 * other? The attacker holds the batches and their joins; he knows no list and no key.
 */
import type { OpenBatch } from "#client/link.ts";
import { handleOf, type Batch } from "#engine/batch/read.ts";
import { informationThreshold } from "#engine/match/weight.ts";
import type { Scale } from "../measurement.ts";
import type { Against, Attack, Finding } from "./finding.ts";
import { sameUniqueColour } from "./graph.ts";
import { judgeGuesses, scaledGuesses } from "./guess.ts";
import { joinedGraph, withoutRules, type JoinedGraph } from "./joined-graph.ts";
import { allRows, knownRows, type SeenRow } from "./known-list.ts";

import { linkScores, type LinkExamples } from "./link-scores.ts";
import { naiveBatch, naiveGraph, type NaiveBatch } from "./naive.ts";
import { seenRows, touchesOf } from "./one-list.ts";
import { listRowOf, viewPairing, type PairingView } from "./pairing-view.ts";
import { describeScene, makeScene, type Scene, type SceneSize } from "./scene.ts";

const SIZES: Record<Scale, { recordsPerParty: number; overlaps: readonly number[] }> = {
  smoke: { recordsPerParty: 600, overlaps: [0.2] },
  usual: { recordsPerParty: 2_000, overlaps: [0.05, 0.2, 0.5] },
  full: { recordsPerParty: 5_000, overlaps: [0.05, 0.2, 0.5] },
};
const WANTED = 0.001;
/** Of rows, what is known to be found and no more: an unchanged pair of lists shows the same graph again. */
const MOST = { "two rounds": 0.1, "two counterparts": 0.006 };
const MOST_BY_LIKELIHOOD = 0.015;
const CONTROL = 0.9;
/** What a row without fillers shows is its own, but many rows show the same. */
const GUESSED_CONTROL = 0.1;
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
    ["two rounds", again],
    ["two counterparts", elsewhere],
  ] as const;
  const naive = await naiveSendings(scene);
  for (const [sent, other] of variants) {
    const variant = `${describeScene(size)}, ${sent}`;
    const bytes = { variant, measure: "share of rows linked by equal keys or handles" };
    yield { ...bytes, against: "ours", figure: linkedByBytes(first.a.batch, other.a.batch) / rows, most: 0 };
    yield { ...bytes, against: "control", figure: naivelyLinkedByBytes(naive.first, naive.again), above: CONTROL };
    const order = { variant, measure: "correlation of places" };
    const most = ORDER_DEVIATIONS / Math.sqrt(rows);
    yield { ...order, against: "ours", figure: correlation(placesOf(first.a), placesOf(other.a)), most };
    const naivePlaces = Array.from({ length: naive.first.rows }, (_, row) => row);
    yield { ...order, against: "control", figure: correlation(naivePlaces, naivePlaces), above: CONTROL };
    const [own, its] = [joinedGraph(first), joinedGraph(other)];
    const structure = { variant, measure: "share of rows linked by structure" };
    const linked = linkedByColour(own, its);
    const touched = own.side.filter((side) => side === 0).length;
    const also = {
      rows,
      touched,
      ofTouched: linked / touched,
      ifRulesWereHidden: linkedByColour(withoutRules(own), withoutRules(its)) / rows,
    };
    yield { ...structure, against: "ours", figure: linked / rows, most: MOST[sent], wanted: WANTED, also };
    yield {
      ...structure,
      against: "control",
      figure: naivelyLinkedByColour(naive.first, naive.rekeyed),
      above: CONTROL,
    };
  }
  const variant = `${describeScene(size)}, ${variants[1][0]}`;
  const own = viewsOf(learnt);
  const [sent, ownSent] = [[first, elsewhere] as const, [own.first, own.elsewhere] as const];
  yield guessedFinding(variant, "ours", rows, sent.map(touchedOf), ownSent.map(touchedOf));
  yield guessedFinding(variant, "control", rows, sent.map(withoutFillers), ownSent.map(withoutFillers));
}

function viewsOf({ parties: [own = "", one = "", other = ""], encodedOf }: Scene) {
  return {
    first: viewPairing(encodedOf(own), encodedOf(one)),
    again: viewPairing(encodedOf(own), encodedOf(one)),
    elsewhere: viewPairing(encodedOf(own), encodedOf(other)),
  };
}

/** The list twice as the naive program sends it, and under another key for whoever does not compare bytes. */
async function naiveSendings({
  parties: [own = ""],
  recordsOf,
}: Scene): Promise<Record<"first" | "again" | "rekeyed", NaiveBatch>> {
  return {
    first: await naiveBatch(recordsOf(own), "the one key"),
    again: await naiveBatch(recordsOf(own), "the one key"),
    rekeyed: await naiveBatch(recordsOf(own), "another key"),
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

/** @returns Where each row of the list stands in its batch. */
function placesOf(open: OpenBatch): number[] {
  const places: number[] = [];
  for (let row = 0; row < open.batch.rowCount; row++) {
    const listRow = listRowOf(open, row);
    if (listRow >= 0) places[listRow] = row;
  }
  return places;
}

/** @returns Pearson's correlation of the places of one list's rows in two batches, without its sign. */
function correlation(places: readonly number[], itsPlaces: readonly number[]): number {
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const centred = (values: readonly number[]): number[] => {
    const mean = meanOf(values);
    return values.map((value) => value - mean);
  };
  const [own, its] = [centred(places), centred(itsPlaces)];
  const product = (one: readonly number[], other: readonly number[]): number =>
    one.reduce((sum, value, at) => sum + value * (other[at] as number), 0);
  return Math.abs(product(own, its)) / Math.sqrt(product(own, own) * product(its, its));
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

/** What shows of a batch's rows, and which rows of the list they are. */
type Shown = { readonly seen: ReadonlyMap<number, SeenRow>; readonly listRowOf: (node: number) => number };

function touchedOf(view: PairingView): Shown {
  const joined = joinedGraph(view);
  return { seen: seenRows(joined, touchesOf(joined, 0)), listRowOf: (node) => joined.listRow[node] as number };
}

/** A program that sends no fillers shows how many cells each row has under every rule, without any join. */
function withoutFillers({ a: { list }, a, b }: PairingView): Shown {
  const known = knownRows(list, [], informationThreshold(list.profile, Math.max(a.batch.rowCount, b.batch.rowCount)));
  return { seen: allRows(known), listRowOf: (row) => row };
}

/** Joins with two counterparts are two graphs: rows are held against each other by what agrees, one to one. */
function guessedFinding(
  variant: string,
  against: Against,
  rows: number,
  [one, other]: readonly Shown[],
  [ownOne, ownOther]: readonly Shown[],
): Finding {
  if (one === undefined || other === undefined || ownOne === undefined || ownOther === undefined)
    throw new RangeError("a list is sent twice");
  const scoreOf = linkScores(examplesOf(ownOne, ownOther));
  const guesses = scaledGuesses(
    [...one.seen].map(([node, row]) => {
      const scored = [...other.seen].map(([itsNode, itsRow]) => [itsNode, scoreOf(row, itsRow)] as const);
      const possible = scored.filter(([, score]) => score > -Infinity);
      return {
        node,
        candidates: Uint32Array.from(possible, ([itsNode]) => itsNode),
        scores: Float64Array.from(possible, ([, score]) => score),
      };
    }),
    Math.max(...other.seen.keys()) + 1,
  );
  const found = judgeGuesses(guesses, (node, itsNode) => one.listRowOf(node) === other.listRowOf(itsNode));
  return {
    variant,
    against,
    measure: "share of rows linked by likelihood",
    figure: found.right / rows,
    ...(against === "ours" ? { most: MOST_BY_LIKELIHOOD, wanted: WANTED } : { above: GUESSED_CONTROL }),
    also: { rows, seen: one.seen.size, ...found },
  };
}

function examplesOf(one: Shown, other: Shown): LinkExamples {
  const rowOf = new Map([...other.seen].map(([node, row]) => [other.listRowOf(node), row]));
  const same = [...one.seen].flatMap(([node, row]): [SeenRow, SeenRow][] => {
    const there = rowOf.get(one.listRowOf(node));
    return there === undefined ? [] : [[row, there]];
  });
  return { first: [...one.seen.values()], second: [...other.seen.values()], same };
}
