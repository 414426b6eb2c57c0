/**
 * Nodes of two similarity graphs matched by what they look like and whom they resemble.
 * Vidanage, Christen, Ranbaduge and Schnell (2020), CIKM: similarity features of nodes, then bipartite matching. REGAL's
 * xNetMF (Heimann, Shen, Safavi and Koutra 2018, CIKM): features of neighbours, discounted by distance, and nodes embedded by
 * their similarity to landmarks. Schäfer, Armknecht and Heng (2024), ACSAC: matching and alignment in turns, from the surest
 * pairs on; with matched nodes as landmarks both embeddings lie in one space and need no rotation.
 */
import { greedyAssignment, type Assignment } from "./assignment.ts";

export type SimilarityGraph = {
  /** Only nodes of one kind can be the same. */
  readonly kinds: Uint8Array;
  /** Row by row; symmetric, 0 on the diagonal. */
  readonly similarity: Float32Array;
  /** What else is seen of each node, the same number of figures for all. */
  readonly attributes: readonly Float64Array[];
};

const NEAREST = 16;
const DISCOUNT = 0.5;
/** Landmarks of each round. */
const ROUNDS = [50, 100, 200, 200, 200] as const;

/** A graph, and what each of its nodes looks like. */
export type DescribedGraph = SimilarityGraph & { readonly structure: readonly Float64Array[] };

export const described = (graph: SimilarityGraph): DescribedGraph => ({ ...graph, structure: structureOf(graph) });

/** @returns For each node of the first graph the one of the second that it is taken for; −1 for none. */
export function matchNodes(one: DescribedGraph, other: DescribedGraph): Int32Array {
  const match = (embedded: readonly Float64Array[], embeddedOther: readonly Float64Array[]): Assignment =>
    greedyAssignment(costsBetween(one.kinds, embedded, other.kinds, embeddedOther), other.kinds.length);
  let matched = match(one.structure, other.structure);
  if (hasNoEdge(one) || hasNoEdge(other)) return matched.partner;
  for (const count of ROUNDS) {
    const landmarks = [...matched.surest(count)];
    const partners = landmarks.map((node) => matched.partner[node] as number);
    matched = match(similaritiesTo(one, landmarks), similaritiesTo(other, partners));
  }
  return matched.partner;
}

const hasNoEdge = ({ similarity }: SimilarityGraph): boolean => similarity.every((value) => value === 0);

/** Of each node: its attributes, its highest similarities in order, and the mean of both over its neighbours. */
function structureOf(graph: SimilarityGraph): Float64Array[] {
  const count = graph.kinds.length;
  const near = graph.attributes.map((attributes, node) => {
    const similarities = graph.similarity.slice(node * count, (node + 1) * count);
    const sum = similarities.reduce((total, value) => total + value, 0);
    const highest = similarities.sort().subarray(-NEAREST);
    return Float64Array.from([...attributes, sum, ...highest]);
  });
  const own = standardised(near);
  const around = standardised(
    own.map((features, node) => {
      const mean = new Float64Array(features.length);
      let weights = 0;
      for (let other = 0; other < count; other++) {
        const weight = (graph.similarity[node * count + other] as number) ** 2;
        if (weight === 0) continue;
        weights += weight;
        (own[other] as Float64Array).forEach((value, at) => (mean[at] = (mean[at] as number) + weight * value));
      }
      return mean.map((value) => value / Math.max(weights, Number.MIN_VALUE));
    }),
  );
  return own.map((features, node) =>
    Float64Array.from([...features, ...(around[node] as Float64Array).map((value) => DISCOUNT * value)]),
  );
}

/** @returns Each figure less its mean, by its standard deviation over the nodes; 0 where all are equal. */
function standardised(features: readonly Float64Array[]): Float64Array[] {
  const scaled = features.map((figures) => figures.slice());
  const width = features[0]?.length ?? 0;
  for (let at = 0; at < width; at++) {
    const figures = features.map((own) => own[at] as number);
    const mean = figures.reduce((sum, value) => sum + value, 0) / figures.length;
    const variance = figures.reduce((sum, value) => sum + (value - mean) ** 2, 0) / figures.length;
    for (const own of scaled) own[at] = variance === 0 ? 0 : ((own[at] as number) - mean) / Math.sqrt(variance);
  }
  return scaled;
}

function similaritiesTo({ kinds, similarity }: SimilarityGraph, landmarks: readonly number[]): Float64Array[] {
  const count = kinds.length;
  return Array.from(kinds, (_, node) =>
    Float64Array.from(landmarks, (landmark) =>
      landmark === node ? 1 : (similarity[node * count + landmark] as number),
    ),
  );
}

/** @returns Squared distances, a row for each of `one`; infinite between nodes of different kinds. */
function costsBetween(
  kinds: Uint8Array,
  one: readonly Float64Array[],
  otherKinds: Uint8Array,
  other: readonly Float64Array[],
): Float64Array {
  const costs = new Float64Array(one.length * other.length).fill(Infinity);
  one.forEach((a, row) => {
    other.forEach((b, column) => {
      if (kinds[row] !== otherKinds[column]) return;
      let sum = 0;
      for (let at = 0; at < a.length; at++) sum += ((a[at] as number) - (b[at] as number)) ** 2;
      costs[row * other.length + column] = sum;
    });
  });
  return costs;
}
