/**
 * What an attacker with one list makes of a join, on a small scene.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { joinedGraph, withoutRules, type JoinedGraph } from "#bench/attack/joined-graph.ts";
import { cellsOf, knownRows, type KnownList } from "#bench/attack/known-list.ts";
import { likelihoodOf, type Example, type Likelihood } from "#bench/attack/likelihood.ts";
import { guessRows, seenRows, touchesOf, type Touches } from "#bench/attack/one-list.ts";
import { viewPairing, type PairingView } from "#bench/attack/pairing-view.ts";
import { makeScene } from "#bench/attack/scene.ts";
import { informationThreshold } from "#engine/match/weight.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";

let view: PairingView;
let joined: JoinedGraph;
let known: KnownList;
let touches: Touches;
let likelihood: Likelihood;

beforeAll(async () => {
  const scene = await makeScene({ seed: 7, recordsPerParty: 300, partyCount: 2, overlap: 0.5 });
  const [own = "", other = ""] = scene.parties;
  view = viewPairing(scene.encodedOf(own), scene.encodedOf(other));
  const thresholdBits = informationThreshold(SHIPPED_PROFILE, view.a.batch.rowCount);
  joined = joinedGraph(view);
  known = knownRows(view.a.list, scene.recordsOf(own), thresholdBits);
  touches = touchesOf(joined, 0);
  likelihood = likelihoodOf(known, { known, examples: examplesOf() });
});

function examplesOf(): Example[] {
  return [...seenRows(joined, touches)].map(([node, seen]) => ({ seen, row: joined.listRow[node] as number }));
}

describe("joinedGraph", () => {
  test("has an edge for each candidate pair and counts every equal key", () => {
    const cells = joined.edges.reduce((sum, edge) => sum + edge.cells.reduce((all, count) => all + count, 0), 0);
    expect(joined.edges).toHaveLength(view.pairs.rowA.length);
    expect(cells).toBe(view.parts.reduce((sum, { pairs }) => sum + pairs.length / 2, 0));
    expect(joined.edges.some((edge) => edge.cells.some((count) => count > 1))).toBe(true);
  });

  test("without rules has two colours and a label for each number of cells", () => {
    const { graph } = withoutRules(joined);
    expect(new Set(graph.colours)).toEqual(new Set([0, 1]));
    expect([...graph.labels]).toEqual(joined.edges.map(({ cells }) => cells.reduce((sum, count) => sum + count, 0)));
  });
});

describe("an attacker who knows the list", () => {
  test("never leaves out the row that it is", () => {
    for (const { seen, row } of examplesOf()) expect(likelihood.candidates(seen).rows).toContain(row);
  });

  test("leaves out rows of another class and rows with too few cells", () => {
    const [{ seen } = { seen: undefined }] = examplesOf();
    if (seen === undefined) throw new Error("no row was touched");
    const { rows } = likelihood.candidates(seen);
    expect(rows.length).toBeLessThan(known.count);
    for (const row of rows) {
      expect(known.classes[row]).toBe(seen.coverage);
      cellsOf(known, row).forEach((count, rule) => {
        expect(count).toBeGreaterThanOrEqual(seen.cells[rule] as number);
      });
    }
  });

  test("takes rows that share a fact for those that touch one row under rules that contain it", () => {
    const bridged: KnownList = {
      profile: { ...SHIPPED_PROFILE, rules: SHIPPED_PROFILE.rules.slice(0, 1) },
      count: 4,
      classes: Uint8Array.of(0, 0, 1, 1),
      travelling: new Uint8Array(4).fill(1),
      // Rows 1 and 3 hold one document.
      values: new Map([["document", [[1], [2], [3], [2]].map((numbers) => new Set(numbers))]]),
    };
    const seen = new Map([0, 1].map((node) => [node, { coverage: node, cells: Uint8Array.of(1) }]));
    const hub = new Map([0, 1].map((node) => [node, [{ hub: 9, cells: Uint8Array.of(1) }]]));
    const even = likelihoodOf(bridged, { known: bridged, examples: [] });
    const best = guessRows(seen, hub, bridged, even).map(({ candidates, probabilities }) =>
      candidates.filter((_, at) => (probabilities[at] as number) > 0.9),
    );
    expect(best.map((rows) => [...rows])).toEqual([[1], [3]]);
  });
});
