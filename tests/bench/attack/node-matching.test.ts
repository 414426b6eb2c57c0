/**
 * Matching of similarity graphs, and the assignment under it.
 */
import { expect, test } from "vitest";
import { greedyAssignment } from "#bench/attack/assignment.ts";
import { described, matchNodes } from "#bench/attack/node-matching.ts";
import { shuffled } from "#bench/attack/shuffle.ts";
import { Draws } from "#fixtures/draws.ts";

test("the cheapest pair is taken first, and none that is forbidden", () => {
  const costs = Float64Array.from([3, 1, Infinity, 1.5, 0.5, Infinity]);
  expect([...greedyAssignment(costs, 2).partner]).toEqual([1, -1, 0]);
  expect([...greedyAssignment(Float64Array.from([3, 1, 0, 9]), 2).surest(1)]).toEqual([1]);
});

test("a graph's nodes are found again in another order, from their similarities alone", () => {
  const nodes = 60;
  const draws = new Draws(7);
  const similarity = new Float32Array(nodes * nodes);
  for (let one = 0; one < nodes; one++)
    for (let other = 0; other < one; other++)
      similarity[one * nodes + other] = similarity[other * nodes + one] = draws.chance(0.3) ? draws.unit() : 0;
  const order = shuffled([...new Array(nodes).keys()], draws);
  const graph = (of: readonly number[]) =>
    described({
      kinds: new Uint8Array(nodes),
      similarity: Float32Array.from(of.flatMap((one) => of.map((other) => similarity[one * nodes + other] as number))),
      attributes: of.map(() => new Float64Array(0)),
    });
  const partner = matchNodes(graph([...order.keys()]), graph(order));
  expect([...partner].map((node) => order[node])).toEqual([...order.keys()]);
});

test("nodes of different kinds are not matched", () => {
  const graph = (...kinds: number[]) =>
    described({
      kinds: Uint8Array.from(kinds),
      similarity: new Float32Array(kinds.length ** 2),
      attributes: kinds.map(() => new Float64Array(0)),
    });
  expect([...matchNodes(graph(1, 2, 3), graph(3, 1, 1))]).toEqual([1, -1, 0]);
});
