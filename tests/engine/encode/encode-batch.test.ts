/**
 * Batches from encoded lists.
 */
import { randomFillSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readBatch, type Batch } from "#engine/batch/read.ts";
import { carriersOf } from "#engine/encode/between.ts";
import { encodeBatch, type EncodedBatch, type Pairing } from "#engine/encode/encode-batch.ts";
import type { RandomFill } from "#engine/uniform.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import { informationThreshold } from "#engine/match/weight.ts";
import type { Rule } from "#engine/profile.ts";
import { SHIPPED_PROFILE, SHIPPED_PROFILE_DIGEST } from "#engine/shipped-profile.ts";
import { joined } from "../batch/random-batch.ts";
import { encoded, generatedRecords, pairingOf, person, randomFrom } from "./lists.ts";

const LIST = encoded(generatedRecords(120));

type Opened = Batch & { readonly encoded: EncodedBatch };

function open(list: EncodedList, pairing: Pairing, random: RandomFill): Opened {
  const result = encodeBatch(list, pairing, random);
  const bytes = joined(result.pieces);
  return { ...readBatch(bytes, list.profile, { ...pairing, profile: SHIPPED_PROFILE_DIGEST }), encoded: result };
}

/** Keys of each column, as text. */
const keysOf = ({ columns }: Batch): string[][] =>
  columns.map(({ upper, lower }) => Array.from(upper, (high, at) => `${high} ${lower[at] ?? 0}`));

/** Keys that are no fillers: those that two encodings under one K_tag share. */
function realKeys(list: EncodedList, pairing: Pairing): Set<string>[] {
  const [one, other] = ["one", "other"].map((seed) => keysOf(open(list, pairing, randomFrom(seed))));
  return (one ?? []).map((keys, rule) => sharedValues(new Set(keys), new Set(other?.[rule])));
}

function sharedValues(one: ReadonlySet<string>, other: ReadonlySet<string>): Set<string> {
  return new Set([...one].filter((value) => other.has(value)));
}

describe("a batch", () => {
  test.each([0, 1, 19, 20, 21, 60, 125])("of %d records is accepted by the reader", (count) => {
    const { rowCount, header } = open(
      encoded(generatedRecords(Math.max(count, 1)).slice(0, count)),
      pairingOf("a"),
      randomFillSync,
    );
    expect([rowCount, header.rowCount, header.from, header.to]).toEqual([125, 125, "AT", "HR"]);
  });

  test.each([125, 160, 1000])("has exactly the %d rows of its size class", (rowCount) => {
    const batch = open(LIST, pairingOf("a", { rowCount }), randomFrom("1"));
    expect(batch.handles).toHaveLength(16 * rowCount);
    batch.columns.forEach(({ row }, rule) => {
      const slots = SHIPPED_PROFILE.rules[rule]?.slots ?? 0;
      const counts = new Map<number, number>();
      for (const holder of row) counts.set(holder, (counts.get(holder) ?? 0) + 1);
      expect(counts.size).toBe(rowCount);
      expect(new Set(counts.values())).toEqual(new Set([slots]));
    });
  });

  test("of a list with more rows than were declared is refused", () => {
    const list = encoded(generatedRecords(160));
    expect(list.rows.length).toBeGreaterThan(125);
    expect(() => encodeBatch(list, pairingOf("a"), randomFrom("1"))).toThrow(
      /^batch-too-large: the list has \d+ rows, and there are 0 decoys; 125 were declared$/,
    );
  });

  test("gives each row of the list a place of its own, with its class", () => {
    const { encoded: result, classes } = open(LIST, pairingOf("a"), randomFrom("1"));
    expect(result.place).toHaveLength(LIST.rows.length);
    expect(new Set(result.place).size).toBe(LIST.rows.length);
    result.place.forEach((place, row) => {
      expect(classes[place]).toBe(LIST.classes[row]);
    });
  });
});

describe("two encodings of one list", () => {
  const [one, other] = ["one", "other"].map((seed) => open(LIST, pairingOf("a"), randomFrom(seed)));
  if (one === undefined || other === undefined) throw new RangeError("two batches are wanted");

  test("have fillers that are random in both halves", () => {
    for (const { upper, lower } of open(LIST, pairingOf("a"), randomFrom("1")).columns) {
      // Among so few draws of 32 bits a second zero or many repeats are next to impossible.
      for (const half of [upper, lower]) expect(new Set(half).size).toBeGreaterThan(half.length - 4);
    }
  });

  test("differ in every handle, in the order of rows and in every filler", () => {
    const handles = [one, other].map((batch) =>
      Array.from({ length: 125 }, (_, row) =>
        Buffer.from(batch.handles.subarray(16 * row, 16 * row + 16)).toString("hex"),
      ),
    );
    expect(new Set(handles.flat()).size).toBe(250);
    const moved = one.encoded.place.filter((place, row) => place !== other.encoded.place[row]);
    expect(moved.length).toBeGreaterThan(LIST.rows.length * 0.9);
    const real = LIST.profile.rules.map((_, rule) => tellingCount(LIST, rule, 125));
    expect(realKeys(LIST, pairingOf("a")).map(({ size }) => size)).toEqual(real);
  });

  test("share their keys when the random source repeats itself, and all else", () => {
    const again = open(LIST, pairingOf("a"), randomFrom("one"));
    expect(keysOf(again)).toEqual(keysOf(one));
    expect(again.handles).toEqual(one.handles);
  });

  test("under two K_tags share no key", () => {
    const elsewhere = open(LIST, pairingOf("b"), randomFrom("one"));
    keysOf(elsewhere).forEach((keys, rule) => {
      // The same random source: fillers are the same, keys are not.
      const here = realKeys(LIST, pairingOf("a"))[rule];
      expect(keys.filter((key) => here?.has(key))).toEqual([]);
    });
    const fresh = open(LIST, pairingOf("b"), randomFrom("two"));
    const known = new Set(keysOf(one).flat());
    expect(
      keysOf(fresh)
        .flat()
        .filter((key) => known.has(key)),
    ).toEqual([]);
  });
});

function tellingCount(list: EncodedList, rule: number, rows: number): number {
  const threshold = informationThreshold(SHIPPED_PROFILE, rows);
  const { bits, owner } = list.cells.read(rule);
  const { carries } = carriersOf(SHIPPED_PROFILE.rules[rule] as Rule);
  return bits.filter((found, at) => found >= threshold && carries(list.coverage[owner[at] as number] as number)).length;
}

test("a key below the information threshold does not travel, and the counterpart's size counts", () => {
  for (const counterpartRowCount of [125, 100_000, 800_000_000]) {
    const found = realKeys(LIST, pairingOf("a", { counterpartRowCount })).map(({ size }) => size);
    expect(found).toEqual(SHIPPED_PROFILE.rules.map((_, rule) => tellingCount(LIST, rule, counterpartRowCount)));
  }
  const total = (rows: number): number =>
    SHIPPED_PROFILE.rules.reduce((sum, _, rule) => sum + tellingCount(LIST, rule, rows), 0);
  expect(total(100_000)).toBeLessThan(total(125));
});

test("two parties' batches under one K_tag share the keys of the person whom both hold", () => {
  const fields = { family_name: "Stojadinović", given_name: "Miloš", dob: "1979-11-05", doc_number: "RS7712345" };
  const [a, b] = [
    encoded([person(fields)]),
    encoded([person({ ...fields, family_name: "СТОЈАДИНОВИЋ", given_name: "Милош" })]),
  ];
  const [one, other] = [realKeys(a, pairingOf("p")), realKeys(b, pairingOf("p", { from: "HR", to: "AT" }))];
  const agreeing = SHIPPED_PROFILE.rules.filter(
    (_, rule) => sharedValues(one[rule] ?? new Set(), other[rule] ?? new Set()).size > 0,
  );
  expect(agreeing.map(({ id }) => id)).toEqual(expect.arrayContaining(["document", "token-date", "initials-date"]));
});

test("under a rule between dated and undated rows two batches share keys of one such pair, and of no other", () => {
  const named = { family_name: "Stojadinović", given_name: "Miloš" };
  const dated = encoded([person({ ...named, dob: "1979-11-05" })]);
  const undated = encoded([person(named)]);
  const opposite = SHIPPED_PROFILE.rules.findIndex(({ between }) => between?.rows === "opposite");
  const lacking = SHIPPED_PROFILE.rules.findIndex(({ between }) => between?.rows === "lacking");
  const shared = (one: EncodedList, other: EncodedList): boolean[] => {
    const there = realKeys(other, pairingOf("p", { from: "HR", to: "AT" }));
    const here = realKeys(one, pairingOf("p"));
    return [opposite, lacking].map(
      (rule) => sharedValues(here[rule] as Set<string>, there[rule] as Set<string>).size > 0,
    );
  };
  expect(shared(dated, undated)).toEqual([true, false]);
  expect(shared(undated, dated)).toEqual([true, false]);
  expect(shared(dated, dated)).toEqual([false, false]);
  expect(shared(undated, undated)).toEqual([false, true]);
});

describe("the provenance root", () => {
  const rootOf = (list: EncodedList, change: Partial<Pairing>): string =>
    encodeBatch(list, pairingOf("a", change), randomFrom("1")).header.provenanceRoot;

  test("changes with its seed, the counterpart and the rows, and with nothing else", () => {
    const roots = [
      rootOf(LIST, {}),
      rootOf(LIST, { provenanceSeed: Buffer.alloc(32, 1) }),
      rootOf(LIST, { to: "SI" }),
      rootOf(encoded(generatedRecords(119)), {}),
      encodeBatch(LIST, pairingOf("a"), randomFrom("2")).header.provenanceRoot,
    ];
    expect(new Set(roots).size).toBe(roots.length);
    expect(rootOf(LIST, { keyTag: Buffer.alloc(32, 1) })).toBe(roots[0]);
  });
});
