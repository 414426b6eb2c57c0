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

/** One cell before any pairing's key: it never leaves the party. */
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
  const rules = profile.rules.map((rule, index) => ({
    index,
    slots: rule.slots,
    kinds: rule.facts.map(factKind),
    prefix: ["aquila/v1/fact", String(profile.version), rule.id],
  }));
  return (facts) => {
    const cells: Cell[] = [];
    let surplus = 0;
    for (const rule of rules) {
      const found = combinations(rule.kinds.map((kind) => kind(facts, information)));
      surplus += Math.max(0, found.length - rule.slots);
      for (const { values, bits } of found.slice(0, rule.slots))
        cells.push({ rule: rule.index, digest: factDigest([...rule.prefix, ...values]), bits });
    }
    return { cells, surplus };
  };
}

type Combination = { readonly values: readonly string[]; readonly bits: number; readonly rank: number };

/** Every choice of one alternative a fact, best known first; equal choices once; none when a fact is missing. */
function combinations(facts: readonly (readonly Alternative[])[]): Combination[] {
  let found: Combination[] = [{ values: [], bits: 0, rank: 0 }];
  for (const alternatives of facts) {
    found = found.flatMap((before) =>
      alternatives.map(({ value, bits }, rank) => ({
        values: [...before.values, value],
        bits: before.bits + bits,
        rank: before.rank + rank,
      })),
    );
    if (found.length === 0) return found;
  }
  if (found.length === 1) return found;
  const seen = new Set<string>();
  return found
    .sort((one, other) => one.rank - other.rank)
    .filter(({ values }) => {
      const name = values.join("\u0000");
      return !seen.has(name) && seen.add(name);
    });
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
