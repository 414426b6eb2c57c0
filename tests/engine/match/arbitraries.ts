/**
 * Generators of columns, batches and profiles for the properties of engine/match.
 */
import fc from "fast-check";
import type { KeyColumn } from "#engine/batch/column.ts";
import { joinColumns } from "#engine/match/join.ts";
import type { RulePairs } from "#engine/match/candidates.ts";
import type { ReferenceBatch } from "#engine/match/reference.ts";
import { parseProfile, type Profile } from "#engine/profile.ts";

const EDGES = [0, 1, 2, 3, 0x7fff_fffe, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_fffe, 0xffff_ffff];

/** Halves that collide often and lie on both sides of 2^31, so keys lie on both sides of 2^63. */
const half = fc.oneof(
  { arbitrary: fc.constantFrom(...EDGES), weight: 4 },
  { arbitrary: fc.integer({ min: 0, max: 0xffff_ffff }), weight: 1 },
);
const key = fc.tuple(half, half).map(([upper, lower]) => (BigInt(upper) << 32n) | BigInt(lower));

/** @param rows - One row number for each key. */
export function columnOf(keys: readonly bigint[], rows: readonly number[]): KeyColumn {
  const order = keys.map((value, at) => ({ value, row: rows[at] ?? 0 }));
  order.sort((one, other) => (one.value < other.value ? -1 : 1));
  return {
    upper: Uint32Array.from(order, ({ value }) => Number(value >> 32n)),
    lower: Uint32Array.from(order, ({ value }) => Number(value & 0xffff_ffffn)),
    row: Uint32Array.from(order, ({ row }) => row),
  };
}

/** @returns The column's keys, in its order. */
export function keysOf(column: KeyColumn): bigint[] {
  return Array.from(column.upper, (upper, at) => (BigInt(upper) << 32n) | BigInt(column.lower[at] ?? 0));
}

const keySet = (size: number): fc.Arbitrary<bigint[]> =>
  fc.uniqueArray(key, { minLength: size, maxLength: size, comparator: "SameValue" });

/** A strictly increasing column of 0 to 60 keys, row numbers free. */
export const column: fc.Arbitrary<KeyColumn> = fc
  .uniqueArray(key, { maxLength: 60, size: "max", comparator: "SameValue" })
  .chain((keys) =>
    fc
      .array(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: keys.length, maxLength: keys.length })
      .map((rows) => columnOf(keys, rows)),
  );

/** A batch in which every column of a rule with s slots holds each row exactly s times. */
export function batchArbitrary(profile: Profile, maxRows = 12): fc.Arbitrary<ReferenceBatch> {
  return fc.integer({ min: 1, max: maxRows }).chain((rowCount) =>
    fc.record({
      rowCount: fc.constant(rowCount),
      classes: fc
        .array(fc.nat(profile.coverageClasses.length - 1), { minLength: rowCount, maxLength: rowCount })
        .map((classes) => Uint8Array.from(classes)),
      columns: fc.tuple(
        ...profile.rules.map((rule) => {
          const cells = rowCount * rule.slots;
          const rows = Array.from({ length: cells }, (_, cell) => cell % rowCount);
          return fc
            .tuple(keySet(cells), fc.shuffledSubarray(rows, { minLength: cells, maxLength: cells }))
            .map(([keys, shuffled]) => columnOf(keys, shuffled));
        }),
      ),
    }),
  );
}

const bits = fc.integer({ min: -20_000_000, max: 20_000_000 }).map((millionths) => millionths / 1_000_000);
const FACTS = ["birth", "place", "document"];
/** Those of the drawn batches, of up to some dozens of rows, lie below, between and above. */
const thresholds = fc.uniqueArray(
  fc.integer({ min: 0, max: 40 }).map((quarters) => quarters / 4),
  { minLength: 1, maxLength: 3 },
);

/** A valid profile of 1 to 5 rules, 1 to 4 fact groups and 1 to 3 thresholds, with weights on a grid of millionths. */
export const profileArbitrary: fc.Arbitrary<Profile> = thresholds
  .map((drawn) => drawn.toSorted((one, other) => one - other))
  .chain((thresholdBits) => {
    const size = { minLength: thresholdBits.length, maxLength: thresholdBits.length };
    const figure = fc.array(bits, size);
    const group = fc.record({
      levelBits: fc.array(figure, { minLength: 1, maxLength: 3 }),
      coverage: fc.constantFrom(null, ...FACTS),
      disagreeBits: figure,
      missingBits: figure,
    });
    return fc.record({
      thresholdBits: fc.constant(thresholdBits),
      candidateRecall: fc.array(fc.constantFrom(0.3, 0.6, 0.9), size),
      interceptBits: figure,
      groups: fc.array(group, { minLength: 1, maxLength: 4 }),
    });
  })
  .chain(({ groups, ...figures }) =>
    fc.record({
      figures: fc.constant(figures),
      groups: fc.constant(groups),
      rules: fc.array(
        fc.record({
          slots: fc.integer({ min: 1, max: 3 }),
          granted: fc.tuple(...groups.map((group) => fc.integer({ min: -1, max: group.levelBits.length - 1 }))),
        }),
        { minLength: 1, maxLength: 5 },
      ),
      classes: fc.array(fc.subarray(FACTS), { maxLength: 3 }),
      margin: fc.constantFrom(0, 3.3),
    }),
  )
  .map(({ figures, groups, rules, classes, margin }) =>
    parseProfile({
      format: "aquila/profile/v1",
      id: "drawn",
      version: 1,
      canonicaliser: "none",
      frequencyTable: "0".repeat(43),
      informationMarginBits: margin,
      coverageClasses: [[], ...classes, FACTS].map((facts, index) => ({ facts, mergesInto: index === 0 ? null : 0 })),
      rules: rules.map((rule, index) => ({
        id: `r${index}`,
        slots: rule.slots,
        facts: ["fact"],
        evidence: Object.fromEntries(
          rule.granted.flatMap((level, group) => (level < 0 ? [] : [[`g${group}`, `l${level}`]])),
        ),
      })),
      weights: {
        ...figures,
        groups: groups.map((group, index) => ({
          id: `g${index}`,
          levels: group.levelBits.map((levelBits, level) => ({ id: `l${level}`, bits: levelBits })),
          coverage: group.coverage,
          disagreeBits: group.disagreeBits,
          missingBits: group.missingBits,
        })),
      },
      prior: { min: 0.001, max: 0.9, start: 0.1 },
      bands: { high: 0.95, medium: 0.6, low: 0.15 },
    }),
  );

/** A profile and two batches made under it. */
export const pairing: fc.Arbitrary<{ profile: Profile; a: ReferenceBatch; b: ReferenceBatch }> = profileArbitrary.chain(
  (profile) => fc.record({ profile: fc.constant(profile), a: batchArbitrary(profile), b: batchArbitrary(profile) }),
);

/** @returns The joins of all rules, one part for each. */
export function joinAll(a: ReferenceBatch, b: ReferenceBatch): RulePairs[] {
  return a.columns.map((columnA, rule) => {
    const columnB = b.columns[rule];
    if (columnB === undefined) throw new RangeError(`joinAll: batch b has no column ${rule}`);
    return { rule, pairs: joinColumns(columnA, columnB) };
  });
}
