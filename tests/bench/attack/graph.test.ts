/**
 * Colours of two graphs held against each other.
 */
import { expect, test } from "vitest";
import { sameUniqueColour, type LabelledGraph } from "#bench/attack/graph.ts";

const graph = (colours: number[], edges: readonly (readonly [number, number, number])[]): LabelledGraph => ({
  colours: Uint32Array.from(colours),
  from: Uint32Array.from(edges, ([from]) => from),
  to: Uint32Array.from(edges, ([, to]) => to),
  labels: Uint32Array.from(edges, ([, , label]) => label),
});

test("a node whose surroundings no other has is found again in a graph with other numbers", () => {
  // A path of three edges, one of them labelled 2, and a pair like its end.
  const one = graph(
    [0, 0, 0, 0, 0, 0],
    [
      [0, 1, 1],
      [1, 2, 1],
      [2, 3, 2],
      [4, 5, 1],
    ],
  );
  const other = graph(
    [0, 0, 0, 0, 0, 0],
    [
      [5, 4, 1],
      [4, 3, 1],
      [3, 2, 2],
      [1, 0, 1],
    ],
  );
  const nodes = [0, 1, 2, 3, 4, 5];
  // Both ends of the pair look alike; all four of the path are told apart.
  expect(sameUniqueColour(one, nodes, other, nodes)).toEqual([
    [0, 5],
    [1, 4],
    [2, 3],
    [3, 2],
  ]);
});

test("a node whose label differs in the other graph is not found there", () => {
  const nodes = [0, 1];
  expect(sameUniqueColour(graph([0, 1], [[0, 1, 1]]), nodes, graph([0, 1], [[0, 1, 2]]), nodes)).toEqual([]);
});
