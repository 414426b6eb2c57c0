/**
 * Own cells: from a hit back to the facts that agreed.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { agreedCells, readOwnCells, type OwnCell } from "#engine/encode/own-cells.ts";
import { carriersOf } from "#engine/encode/between.ts";
import { informationThreshold } from "#engine/match/weight.ts";
import { checkProof, makeProof } from "#engine/round/answers.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { decoyRows, joinedBatches, KEY_PROOF, type Join, type Side } from "./joined-batches.ts";
import { encoded, generatedRecords, person } from "./lists.ts";

const DATED = { family_name: "Stojadinović", given_name: "Miloš", dob: "1979-11-05" };
const UNDATED = { family_name: "Đurađević", given_name: "Zvonimir", birth_place: "Kragujevac" };
const listA = encoded([...generatedRecords(100), person({ ...UNDATED, dob: "1961-03-09", rec_id: "X" })]);
const listB = encoded([...generatedRecords(60, "AT"), person({ ...UNDATED, rec_id: "Y" }), person(DATED)]);
const { a, b, joins } = joinedBatches(listA, listB);
const decoysA = new Set(decoyRows(a));

/** As the server names hits: rules that agree, and the smallest upper half of each. */
const hits = [...Map.groupBy(joins, ({ rowA, rowB }) => `${rowA} ${rowB}`).values()]
  .filter(([first]) => first !== undefined && !decoysA.has(first.rowA))
  .map((cells) => {
    const byRule = [...Map.groupBy(cells, ({ rule }) => rule)].sort(([one], [other]) => one - other);
    const named = Buffer.alloc(4 * byRule.length);
    byRule.forEach(([, each], at) => named.writeUInt32BE(Math.min(...each.map(({ upper }) => upper)), 4 * at));
    const { rowA, rowB } = cells[0] as Join;
    return { rowA, rowB, named, pattern: byRule.reduce((bits, [rule]) => (bits | (1 << rule)) >>> 0, 0) };
  });
const ownCells = (side: Side, rows: number[]): Map<number, OwnCell[]> => readOwnCells([side.ownCells], new Set(rows));
const cellsA = ownCells(
  a,
  hits.map(({ rowA }) => rowA),
);
const cellsB = ownCells(
  b,
  hits.map(({ rowB }) => rowB),
);

test("both owners of a hit find the same d under every rule that agreed, dated and undated rows too", () => {
  const opposite = SHIPPED_PROFILE.rules.findIndex(({ between }) => between?.rows === "opposite");
  expect(hits.some(({ pattern }) => ((pattern >>> opposite) & 1) === 1)).toBe(true);
  expect(hits.length).toBeGreaterThan(5);
  for (const { rowA, rowB, pattern, named } of hits) {
    const [agreedA, agreedB] = [
      agreedCells(cellsA.get(rowA) ?? [], pattern, named),
      agreedCells(cellsB.get(rowB) ?? [], pattern, named),
    ];
    expect(agreedA).not.toBeNull();
    expect(agreedA).toEqual(agreedB);
    const direction = { t2: "A".repeat(43), from: "AT", to: "HR" };
    const proof = makeProof(KEY_PROOF, direction, "A".repeat(22), agreedA ?? []);
    expect(checkProof(KEY_PROOF, direction, { hit: "A".repeat(22), proof }, agreedB)).toBe(true);
  }
});

test("a hit that names a key which the row does not hold fits nothing", () => {
  for (const { rowA, pattern, named } of hits) {
    const own = cellsA.get(rowA) ?? [];
    const other = Buffer.from(named);
    other.writeUInt32BE((other.readUInt32BE(named.length - 4) ^ 1) >>> 0, named.length - 4);
    expect(agreedCells(own, pattern, other)).toBeNull();
    expect(agreedCells(own, pattern, named.subarray(4))).toBeNull();
    expect(agreedCells([], pattern, named)).toBeNull();
  }
});

test("every cell that travels is kept, and no other", () => {
  const threshold = informationThreshold(SHIPPED_PROFILE, 125);
  const expected = SHIPPED_PROFILE.rules.map((rule, index) => {
    const { bits, owner } = listA.cells.read(index);
    const { carries } = carriersOf(rule);
    return bits.filter((found, at) => found >= threshold && carries(listA.coverage[owner[at] as number] as number))
      .length;
  });
  const all = [...ownCells(a, Array.from(a.encoded.place)).values()].flat();
  expect(SHIPPED_PROFILE.rules.map((_, index) => all.filter(({ rule }) => rule === index).length)).toEqual(expected);
  expect(a.ownCells.length).toBe(28 * all.length);
});

test("the bytes may be cut anywhere, but not off", () => {
  const rows = new Set(hits.map(({ rowA }) => rowA));
  fc.assert(
    fc.property(fc.array(fc.nat(a.ownCells.length), { maxLength: 8 }), (cuts) => {
      const bounds = [0, ...cuts.sort((one, other) => one - other), a.ownCells.length];
      expect(readOwnCells(inOneBuffer(bounds), rows)).toEqual(cellsA);
    }),
    { numRuns: 20 },
  );
  expect(() => readOwnCells([a.ownCells.subarray(0, 29)], rows)).toThrow(RangeError);
});

/** Pieces as a reader of files gives them: each in the place of the one before. */
function* inOneBuffer(bounds: readonly number[]): Generator<Uint8Array> {
  const buffer = Buffer.alloc(a.ownCells.length);
  for (const [at, end] of bounds.slice(1).entries()) {
    const piece = a.ownCells.subarray(bounds[at], end);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
  }
}
