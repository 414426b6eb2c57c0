/**
 * Attack `joined`: the rows of a pairing after the join, by attackers who know no key: with both lists in the clear, by
 * structure (Weisfeiler and Leman 1968); with one, or a register that contains it, by likelihood.
 */
import type { Attack, Finding } from "./finding.ts";
import { disjointUnion, refine, sameUniqueColour, type LabelledGraph } from "./graph.ts";
import { joinedGraph, withoutRules, type JoinedGraph } from "./joined-graph.ts";
import { naiveBatch, naiveGraph } from "./naive.ts";
import { oneKnown } from "./one-known.ts";
import { viewPairing } from "./pairing-view.ts";
import { describeScene, makeScene, sceneSizes, type Scene, type SceneSize } from "./scene.ts";

/** Of touched rows, with both lists known; short lists show most. */
const MOST_OF_BOTH = 0.5;
/** Records of all lists of the naive program, at most: its batches are one graph. */
const NAIVE_RECORDS = 6_000;
const NAIVE_LIST_RECORDS = 1_000;
/** The attack with one list holds every touched row against every row of the list: not tried on longer ones. */
const GUESSED_RECORDS = 5_000;
const NARROWED = 10;

export const joined: Attack = {
  name: "joined",
  about:
    "a pairing after the join; no key, and no list, one, a register, or both: refinement (Weisfeiler and Leman 1968), likelihood",
  async *run(scale, seed): AsyncIterable<Finding> {
    for (const size of sceneSizes(scale, seed)) {
      const scene = await makeScene(size);
      yield bothKnown(scene, describeScene(size));
      yield await naivelyKnown(size);
      if (size.recordsPerParty <= GUESSED_RECORDS) yield* oneKnown(scene, size);
    }
  },
};

/** The lists under another key give the same graph: a colour that is unique in both names its row. */
function bothKnown(scene: Scene, variant: string): Finding {
  const [own = "", ...others] = scene.parties;
  const found = { touched: 0, unique: 0, narrowed: 0, worst: 0, countsOnly: 0 };
  for (const other of others) {
    const lists = [scene.encodedOf(own), scene.encodedOf(other)] as const;
    const [seen, known] = [joinedGraph(viewPairing(...lists)), joinedGraph(viewPairing(...lists))];
    const touched = seen.listRow.length;
    const { unique, narrowed } = sameColour(seen, known);
    found.touched += touched;
    found.unique += unique;
    found.narrowed += narrowed;
    found.worst = Math.max(found.worst, unique / touched);
    found.countsOnly += sameColour(withoutRules(seen), withoutRules(known)).unique;
  }
  const { touched } = found;
  return {
    variant: `${variant}, both lists known`,
    against: "ours",
    measure: "share of touched rows re-identified",
    figure: found.unique / touched,
    most: MOST_OF_BOTH,
    wanted: 0.15,
    also: {
      touched,
      narrowedToTen: found.narrowed / touched,
      worstPairing: found.worst,
      ifRulesWereHidden: found.countsOnly / touched,
    },
  };
}

/** @returns Of the seen nodes, how many have one namesake in colour among the known, the right one; and how many ten or fewer. */
function sameColour(seen: JoinedGraph, known: JoinedGraph): { unique: number; narrowed: number } {
  const colour = refine(disjointUnion(seen.graph, known.graph));
  const shift = seen.listRow.length;
  const knownOf = new Map<number, number[]>();
  known.listRow.forEach((_, node) => {
    const own = colour[shift + node] as number;
    const there = knownOf.get(own);
    if (there === undefined) knownOf.set(own, [node]);
    else there.push(node);
  });
  let [unique, narrowed] = [0, 0];
  seen.listRow.forEach((row, node) => {
    const there = knownOf.get(colour[node] as number) ?? [];
    if (!there.some((other) => known.side[other] === seen.side[node] && known.listRow[other] === row)) return;
    unique += Number(there.length === 1);
    narrowed += Number(there.length <= NARROWED);
  });
  return { unique, narrowed };
}

/** All batches of the naive program at once, and the lists under a key of the attacker's own. */
async function naivelyKnown(size: SceneSize): Promise<Finding> {
  const most = Math.min(NAIVE_LIST_RECORDS, NAIVE_RECORDS / size.partyCount);
  const smaller = { ...size, recordsPerParty: Math.min(size.recordsPerParty, most) };
  const scene = await makeScene(smaller);
  const graphUnder = async (secret: string): Promise<LabelledGraph> =>
    naiveGraph(await Promise.all(scene.parties.map((party) => naiveBatch(scene.recordsOf(party), secret))));
  const [seen, known] = [await graphUnder("the one key"), await graphUnder("the attacker's")];
  const rows = scene.parties.reduce((sum, party) => sum + scene.recordsOf(party).length, 0);
  const nodes = Array.from({ length: rows }, (_, row) => row);
  const right = sameUniqueColour(seen, nodes, known, nodes).filter(([row, knownRow]) => row === knownRow).length;
  return {
    variant: `${describeScene(smaller)}, all lists known`,
    against: "control",
    measure: "share of touched rows re-identified",
    figure: right / rows,
    above: 0.9,
    also: { rows },
  };
}
