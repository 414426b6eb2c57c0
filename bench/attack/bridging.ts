/**
 * Attack `bridging`: after the join two rows of one list that touch one row of the other are tied together, as families and
 * namesakes are. The attacker holds what the join shows, and no list.
 */
import { countBridgingRows, foldPairs, type CandidatePairs } from "#engine/match/candidates.ts";
import type { Attack, Finding } from "./finding.ts";
import { NAIVE_RULES, naiveBatch, type NaiveBatch } from "./naive.ts";
import { viewPairing } from "./pairing-view.ts";
import { describeScene, makeScene, sceneSizes, type Scene, type SceneSize } from "./scene.ts";

const MEASURE = "share of rows that bridge";
/** Records of each list of the naive program, at most: its common keys join everyone with everyone. */
const NAIVE_RECORDS = 1_000;

export const bridging: Attack = {
  name: "bridging",
  about: "a pairing after the join, no list, no key: rows tied to others of their own list by a row that both touch",
  async *run(scale, seed): AsyncIterable<Finding> {
    for (const size of sceneSizes(scale, seed)) {
      yield bridgingOf(await makeScene(size), describeScene(size));
      yield await naivelyBridging(size);
    }
  },
};

/** The first party's list joined with each other's. */
function bridgingOf({ parties: [own = "", ...others], encodedOf }: Scene, variant: string): Finding {
  const found = { rows: 0, bridging: 0, touched: 0, worst: 0 };
  for (const other of others) {
    const { a, b, pairs } = viewPairing(encodedOf(own), encodedOf(other));
    const rows = a.list.rows.length + b.list.rows.length;
    const there = countBridgingRows(pairs, a.batch.rowCount, b.batch.rowCount);
    found.rows += rows;
    found.bridging += there;
    found.touched += touchedRows(pairs);
    found.worst = Math.max(found.worst, there / rows);
  }
  const also = { ofTouched: found.bridging / found.touched, worstPairing: found.worst, rows: found.rows };
  return { variant, against: "ours", measure: MEASURE, figure: found.bridging / found.rows, most: 0.02, also };
}

function touchedRows({ rowA, rowB }: CandidatePairs): number {
  return new Set(rowA).size + new Set(rowB).size;
}

async function naivelyBridging(size: SceneSize): Promise<Finding> {
  const smaller = { ...size, partyCount: 2, recordsPerParty: Math.min(size.recordsPerParty, NAIVE_RECORDS) };
  const { parties, recordsOf } = await makeScene(smaller);
  const [a, b] = await Promise.all(parties.map((party) => naiveBatch(recordsOf(party), "the one key")));
  if (a === undefined || b === undefined) throw new RangeError("a scene has two parties or more");
  const rows = a.rows + b.rows;
  const figure = countBridgingRows(naivePairs(a, b), a.rows, b.rows) / rows;
  return { variant: describeScene(smaller), against: "control", measure: MEASURE, figure, above: 0.5, also: { rows } };
}

function naivePairs(a: NaiveBatch, b: NaiveBatch): CandidatePairs {
  const parts = Array.from({ length: NAIVE_RULES }, (_, rule) => {
    const holders = new Map<string, number[]>();
    for (const cell of b.cells)
      if (cell.rule === rule) holders.set(cell.key, [...(holders.get(cell.key) ?? []), cell.row]);
    const own = a.cells.filter((cell) => cell.rule === rule);
    const pairs = own.flatMap(({ row, key }) => (holders.get(key) ?? []).flatMap((other) => [row, other]));
    return { rule, pairs: Uint32Array.from(pairs) };
  });
  return foldPairs(parts, 0, a.rows);
}
