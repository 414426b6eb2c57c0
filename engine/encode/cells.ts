/**
 * Key cells of records: every rule of the profile applied to each record's facts.
 * In: canonical facts. Out: for each rule its digests d and the bits of information that each carries. docs/spec/encoding.md
 */
import type { Profile } from "../profile.ts";
import { CanonicalValues, messageOf } from "./canonical-values.ts";
import { BestCombinations } from "./combinations.ts";
import { DigestBatch } from "./digests.ts";
import { factKind } from "./fact-kinds.ts";
import type { RecordFacts } from "./facts.ts";
import { informationOf, type FrequencyTable } from "./information.ts";

/**
 * Cells of some records before any pairing's key, those of one record together, in order of the rules: they never leave the
 * party.
 */
export type RecordCells = {
  /** Where each record's cells end. */
  readonly ends: Uint32Array;
  /** Index of each cell's rule. */
  readonly rule: Uint8Array;
  /** d of each cell, 16 bytes each. */
  readonly digests: Uint8Array;
  /** Information of each cell's facts less its rule's extra bits: what is held against the threshold. */
  readonly bits: Float64Array;
  /** How many cells more each record's facts would have made. */
  readonly surplus: Float64Array;
};

/** Makes the cells of some records. */
export type CellMaker = (records: readonly RecordFacts[]) => RecordCells;

/**
 * Prepares a profile's rules.
 *
 * @throws {@link LinkageError} `profile-invalid` when a rule names an unknown fact.
 */
export async function cellMaker(profile: Profile, table: FrequencyTable): Promise<CellMaker> {
  await DigestBatch.ready();
  const information = informationOf(table);
  const names = [...new Set(profile.rules.flatMap((rule) => rule.facts))];
  // Several rules hold the same fact: its alternatives are worked out once, as many as any of them can send.
  const kinds = names.map((name) => ({
    alternatives: factKind(name),
    wanted: Math.max(...profile.rules.filter(({ facts }) => facts.includes(name)).map(({ slots }) => slots)),
  }));
  const rules = profile.rules.map((rule) => ({
    slots: rule.slots,
    extraBits: rule.extraBits ?? 0,
    facts: rule.facts.map((name) => names.indexOf(name)),
    prefix: messageOf(["aquila/v1/fact", String(profile.version), rule.id]),
  }));
  const slotCount = profile.rules.reduce((sum, { slots }) => sum + slots, 0);
  const values = new CanonicalValues();
  const combinations = new BestCombinations(
    Math.max(...profile.rules.map((rule) => rule.facts.length)),
    Math.max(...profile.rules.map(({ slots }) => slots)),
  );

  return (records) => {
    const ends = new Uint32Array(records.length);
    const rule = new Uint8Array(records.length * slotCount);
    const bits = new Float64Array(records.length * slotCount);
    let count = 0;
    const surplus = new Float64Array(records.length);
    const batch = new DigestBatch();
    try {
      records.forEach((record, at) => {
        values.clear();
        const known = kinds.map(({ alternatives, wanted }) => values.store(alternatives(record, information), wanted));
        for (let index = 0; index < rules.length; index++) {
          const { slots, extraBits, facts, prefix } = rules[index] as (typeof rules)[number];
          const found = combinations.find(known, facts, slots);
          if (combinations.count > slots) surplus[at] = (surplus[at] as number) + combinations.count - slots;
          for (let best = 0; best < found; best++) {
            let sum = 0;
            batch.put(prefix, 0, prefix.length);
            for (let position = 0; position < facts.length; position++) {
              const value = combinations.taken(known, facts, best, position);
              batch.put(values.bytes, value.from, value.to);
              sum += value.bits;
            }
            batch.end();
            rule[count] = index;
            bits[count++] = sum - extraBits;
          }
        }
        ends[at] = count;
      });
      return {
        ends,
        rule: rule.slice(0, count),
        digests: batch.digests().slice(),
        bits: bits.slice(0, count),
        surplus,
      };
    } finally {
      batch.close();
      values.clear();
    }
  };
}
