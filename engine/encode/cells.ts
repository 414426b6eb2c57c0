/**
 * Key cells of one record: every rule of the profile applied to the record's facts.
 * In: canonical facts. Out: for each rule its digests d and the bits of information that each carries. docs/spec/encoding.md
 */
import sodium from "libsodium-wrappers";
import type { Profile } from "../profile.ts";
import { factKind, type Alternative } from "./fact-kinds.ts";
import type { RecordFacts } from "./facts.ts";
import { informationOf, type FrequencyTable } from "./information.ts";

export const DIGEST_BYTES = 16;

/**
 * One cell before any pairing's key: it never leaves the party.
 * `bits` is the information of its facts less the rule's extra bits: what is held against the threshold.
 */
export type Cell = { readonly rule: number; readonly digest: Uint8Array; readonly bits: number };

/** The cells of one record and how many more its facts would have made. */
export type RecordCells = { readonly cells: readonly Cell[]; readonly surplus: number };

/** Makes the cells of one record. */
export type CellMaker = (facts: RecordFacts) => RecordCells;

/**
 * Prepares a profile's rules.
 *
 * @throws {@link LinkageError} `profile-invalid` when a rule names an unknown fact.
 */
export async function cellMaker(profile: Profile, table: FrequencyTable): Promise<CellMaker> {
  await sodium.ready;
  const information = informationOf(table);
  const names = [...new Set(profile.rules.flatMap((rule) => rule.facts))];
  const kinds = names.map(factKind);
  const rules = profile.rules.map((rule, index) => ({
    index,
    slots: rule.slots,
    extraBits: rule.extraBits ?? 0,
    facts: rule.facts.map((name) => names.indexOf(name)),
    prefix: ["aquila/v1/fact", String(profile.version), rule.id],
  }));
  return (facts) => {
    // Several rules hold the same fact: its alternatives are worked out once.
    const known = kinds.map((kind) => distinctAlternatives(kind(facts, information)));
    const cells: Cell[] = [];
    let surplus = 0;
    for (const rule of rules) {
      const alternatives = rule.facts.map((fact) => known[fact] ?? []);
      const count = alternatives.reduce((product, { length }) => product * length, 1);
      surplus += Math.max(0, count - rule.slots);
      for (const { values, bits } of bestCombinations(alternatives, rule.slots))
        cells.push({ rule: rule.index, digest: factDigest([...rule.prefix, ...values]), bits: bits - rule.extraBits });
    }
    return { cells, surplus };
  };
}

/** An alternative with its place among the fact's alternatives, repeats included. */
type RankedAlternative = Alternative & { readonly rank: number };
type Combination = { readonly values: readonly string[]; readonly bits: number; readonly rank: number };

/** Each value once, at its first place. */
function distinctAlternatives(alternatives: readonly Alternative[]): RankedAlternative[] {
  const seen = new Set<string>();
  const found: RankedAlternative[] = [];
  alternatives.forEach(({ value, bits }, rank) => {
    if (seen.has(value)) return;
    seen.add(value);
    found.push({ value, bits, rank });
  });
  return found;
}

/**
 * Choices of one alternative a fact, in increasing sum of ranks, ties in order of the facts; none when a fact is missing.
 *
 * @param count - How many are wanted, at most.
 */
function bestCombinations(facts: readonly (readonly RankedAlternative[])[], count: number): Combination[] {
  let found: Combination[] = [{ values: [], bits: 0, rank: 0 }];
  for (const alternatives of facts) {
    // An alternative behind `count` others has `count` better choices before it.
    const wanted = alternatives.slice(0, count);
    found = found.flatMap((before) =>
      wanted.map(({ value, bits, rank }) => ({
        values: [...before.values, value],
        bits: before.bits + bits,
        rank: before.rank + rank,
      })),
    );
  }
  return found.length === 1 ? found : found.sort((one, other) => one.rank - other.rank).slice(0, count);
}

const LENGTH_BYTES = 4;
/** Longest message: the label, a rule id and six facts of at most 1,000 bytes each. */
const message = Buffer.alloc(8192);

/**
 * d = BLAKE2b-128 (RFC 7693) over the parts, each with its length in four bytes, big-endian, before it.
 *
 * @param parts - Label, profile version, rule id, then the canonical facts in the rule's order.
 * @throws RangeError when the parts are longer than any rule's facts can be.
 */
export function factDigest(parts: readonly string[]): Uint8Array {
  let at = 0;
  for (const part of parts) {
    if (at + LENGTH_BYTES + 3 * part.length > message.length)
      throw new RangeError("factDigest: the facts are too long");
    const written = message.write(part, at + LENGTH_BYTES);
    message.writeUInt32BE(written, at);
    at += LENGTH_BYTES + written;
  }
  const digest = sodium.crypto_generichash(DIGEST_BYTES, message.subarray(0, at), null);
  message.fill(0, 0, at);
  return digest;
}
