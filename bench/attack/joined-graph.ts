/**
 * The graph of a pairing after the join, cut down to the rows that touch one, each edge labelled with how many cells of each
 * rule agree: the engine counts equal keys, so it sees more than the agreement pattern.
 */
import type { RulePairs } from "#engine/match/candidates.ts";
import type { LabelledGraph } from "./graph.ts";
import { listRowOf, type PairingView } from "./pairing-view.ts";

/** Two rows that touch: nodes of {@link JoinedGraph}. */
export type TouchingRows = {
  readonly a: number;
  readonly b: number;
  /** Cells of each rule that agree. */
  readonly cells: Uint8Array;
};

export type JoinedGraph = {
  /** Colours are side and class; labels are equal where the cells that agree are. */
  readonly graph: LabelledGraph;
  readonly edges: readonly TouchingRows[];
  /** Side, 0 or 1, and row of the party's list of each node: the truth, which the engine does not know. */
  readonly side: Uint8Array;
  readonly listRow: Uint32Array;
};

/** Colours of the two sides are this far apart. */
const SIDE = 256;

export function joinedGraph(view: PairingView): JoinedGraph {
  const sides = [view.a, view.b] as const;
  const nodes = new Map<string, number>();
  const [colours, side, listRow]: [number[], number[], number[]] = [[], [], []];
  const nodeOf = (which: 0 | 1, row: number): number => {
    const name = `${which} ${row}`;
    const known = nodes.get(name);
    if (known !== undefined) return known;
    nodes.set(name, colours.length);
    colours.push(which * SIDE + (sides[which].batch.classes[row] as number));
    side.push(which);
    return listRow.push(listRowOf(sides[which], row)) - 1;
  };
  const edges = touchingRows(view.parts, view.a.list.profile.rules.length).map(({ a, b, cells }) => ({
    a: nodeOf(0, a),
    b: nodeOf(1, b),
    cells,
  }));
  const graph = {
    colours: Uint32Array.from(colours),
    from: Uint32Array.from(edges, ({ a }) => a),
    to: Uint32Array.from(edges, ({ b }) => b),
    labels: Uint32Array.from(edges, ({ cells }) => labelOf(cells)),
  };
  return { graph, edges, side: Uint8Array.from(side), listRow: Uint32Array.from(listRow) };
}

/** @returns The same join as it would be seen if it hid classes and rules: an edge shows how many cells agree. */
export function withoutRules(joined: JoinedGraph): JoinedGraph {
  const { graph, edges, side } = joined;
  const countOf = (cells: Uint8Array): number => cells.reduce((sum, count) => sum + count, 0);
  const labels = Uint32Array.from(edges, ({ cells }) => countOf(cells));
  return { ...joined, graph: { ...graph, colours: Uint32Array.from(side), labels } };
}

/** @returns Coverage class of a node of this colour. */
export function classOfColour(colour: number): number {
  return colour % SIDE;
}

function touchingRows(parts: readonly RulePairs[], ruleCount: number): TouchingRows[] {
  const found = new Map<string, TouchingRows>();
  for (const { rule, pairs } of parts)
    for (let at = 0; at < pairs.length; at += 2) {
      const [a, b] = [pairs[at] as number, pairs[at + 1] as number];
      const name = `${a} ${b}`;
      const edge = found.get(name) ?? { a, b, cells: new Uint8Array(ruleCount) };
      edge.cells[rule] = (edge.cells[rule] as number) + 1;
      found.set(name, edge);
    }
  return [...found.values()];
}

/** FNV-1a over the counts: the same in every graph, and different for different ones but for one in 2³². */
function labelOf(cells: Uint8Array): number {
  return cells.reduce((hash, count) => Math.imul(hash ^ count, 0x0100_0193) >>> 0, 0x811c_9dc5);
}
