/**
 * Refinement of coloured graphs with labelled edges (Weisfeiler and Leman 1968): what structure alone tells nodes apart.
 */

/** Nodes are numbers from 0; edges go both ways. */
export type LabelledGraph = {
  /** What is known of each node to begin with. */
  readonly colours: Uint32Array;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** Of each edge, as {@link from}. */
  readonly labels: Uint32Array;
};

const MOST_ROUNDS = 50;

/**
 * Refines until nothing more is told apart.
 *
 * @returns A colour for each node, from 0 on; two nodes of one colour look alike from where they are. Colours of two graphs
 *   can be held against each other when both are parts of one: {@link disjointUnion}.
 */
export function refine({ colours, from, to, labels }: LabelledGraph): Uint32Array {
  const { starts, ends, edgeLabels } = adjacency(colours.length, from, to, labels);
  let current = numbered(colours.length, (node) => String(colours[node]));
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { colour } = current;
    const next = numbered(colours.length, (node) => {
      const seen: string[] = [];
      for (let at = starts[node] as number; at < (starts[node + 1] as number); at++)
        seen.push(`${edgeLabels[at]}:${colour[ends[at] as number]}`);
      return `${colour[node]}|${seen.sort().join()}`;
    });
    if (next.count === current.count) return next.colour;
    current = next;
  }
  return current.colour;
}

/** @returns Numbers from 0 for the nodes, equal where their names are. */
function numbered(nodes: number, nameOf: (node: number) => string): { colour: Uint32Array; count: number } {
  const numbers = new Map<string, number>();
  const colour = new Uint32Array(nodes);
  for (let node = 0; node < nodes; node++) {
    const name = nameOf(node);
    const known = numbers.get(name) ?? numbers.size;
    numbers.set(name, known);
    colour[node] = known;
  }
  return { colour, count: numbers.size };
}

function adjacency(nodes: number, from: Uint32Array, to: Uint32Array, labels: Uint32Array) {
  const starts = new Uint32Array(nodes + 1);
  for (const side of [from, to]) for (const node of side) starts[node + 1] = (starts[node + 1] as number) + 1;
  for (let node = 0; node < nodes; node++) starts[node + 1] = (starts[node + 1] as number) + (starts[node] as number);
  const next = starts.slice(0, nodes);
  const ends = new Uint32Array(2 * from.length);
  const edgeLabels = new Uint32Array(2 * from.length);
  const put = (node: number, end: number, label: number): void => {
    const at = next[node] as number;
    next[node] = at + 1;
    ends[at] = end;
    edgeLabels[at] = label;
  };
  for (let edge = 0; edge < from.length; edge++) {
    const [one, other, label] = [from[edge] as number, to[edge] as number, labels[edge] as number];
    put(one, other, label);
    put(other, one, label);
  }
  return { starts, ends, edgeLabels };
}

/** @returns One graph of both; the other's nodes come behind `one.colours.length`. */
export function disjointUnion(one: LabelledGraph, other: LabelledGraph): LabelledGraph {
  const shift = one.colours.length;
  const shifted = (nodes: Uint32Array): Uint32Array => nodes.map((node) => node + shift);
  const both = (first: Uint32Array, second: Uint32Array): Uint32Array => Uint32Array.from([...first, ...second]);
  return {
    colours: both(one.colours, other.colours),
    from: both(one.from, shifted(other.from)),
    to: both(one.to, shifted(other.to)),
    labels: both(one.labels, other.labels),
  };
}

/** @returns Those of `nodes` whose colour no other of them has. */
export function uniqueNodes(colour: Uint32Array, nodes: Iterable<number>): number[] {
  const known = [...nodes];
  const count = new Map<number, number>();
  for (const node of known) {
    const own = colour[node] as number;
    count.set(own, (count.get(own) ?? 0) + 1);
  }
  return known.filter((node) => count.get(colour[node] as number) === 1);
}

/** @returns Nodes of both graphs that refinement gives one colour, which no other of their graph has. */
export function sameUniqueColour(
  one: LabelledGraph,
  nodes: readonly number[],
  other: LabelledGraph,
  itsNodes: readonly number[],
): [number, number][] {
  const colour = refine(disjointUnion(one, other));
  const shift = one.colours.length;
  const its = uniqueNodes(
    colour,
    itsNodes.map((node) => shift + node),
  );
  const itsOf = new Map(its.map((node) => [colour[node] as number, node - shift]));
  return uniqueNodes(colour, nodes).flatMap((node): [number, number][] => {
    const there = itsOf.get(colour[node] as number);
    return there === undefined ? [] : [[node, there]];
  });
}
