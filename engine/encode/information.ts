/**
 * Information of canonical values, in bits, from a public frequency table (design §2, rule 3).
 * A value of relative frequency p carries −log2 p bits (Shannon 1948).
 */
import { z } from "zod";
import { canonicalDigest } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import type { NameToken } from "./names/canonical-name.ts";
import shippedFrequencies from "./tables/frequencies.json" with { type: "json" };

const Bits = z.number().min(0).max(40);
/** Common values with their bits; every value not listed carries `rareBits`. */
const Values = z.strictObject({ bits: z.record(z.string().max(100), Bits), rareBits: Bits });

export const FrequencyTable = z.strictObject({
  format: z.literal("aquila/frequencies/v1"),
  source: z.string().max(500),
  skeletons: Values,
  roots: Values,
  birthYears: Values,
  places: Values,
});
export type FrequencyTable = z.infer<typeof FrequencyTable>;

/** Form of a name token that a fact is made of. */
export type TokenForm = "skeleton" | "root";

/** Bits of values by kind, looked up in one frequency table. */
export type Information = {
  readonly token: (token: NameToken, form: TokenForm) => number;
  readonly initial: number;
  readonly birthYear: (year: number) => number;
  readonly dayOfYear: number;
  readonly place: (skeleton: string) => number;
};

/** Prepares lookups. Day and month are taken as uniform over a year, initials as one of ten equally likely sounds. */
export function informationOf(table: FrequencyTable): Information {
  const lookUp = (values: FrequencyTable["roots"]): ((value: string) => number) => {
    const bits = new Map(Object.entries(values.bits));
    return (value) => bits.get(value) ?? values.rareBits;
  };
  const tokens = { skeleton: lookUp(table.skeletons), root: lookUp(table.roots) };
  const birthYear = lookUp(table.birthYears);
  return {
    token: (token, form) => tokens[form](token[form]),
    initial: Math.log2(10),
    birthYear: (year) => birthYear(String(year)),
    dayOfYear: Math.log2(365),
    place: lookUp(table.places),
  };
}

/**
 * The frequency table that belongs to the shipped profile.
 *
 * @param digest - What the profile says that the table's digest is.
 * @throws {@link LinkageError} `profile-mismatch` when the table is another.
 */
export function shippedTable(digest: string): FrequencyTable {
  const table = FrequencyTable.parse(shippedFrequencies);
  if (canonicalDigest(table) !== digest)
    throw new LinkageError("profile-mismatch", "the frequency table is not the one that the profile names");
  return table;
}
