/**
 * Reciprocity: a party's signed consent to be linked with one other, for one field of crime, a time and a number of
 * rows a year.
 * A pairing needs both directions; what is not agreed is denied.
 */
import { z } from "zod";
import { LinkageError } from "../errors.ts";
import { Bytes64 } from "./binary.ts";
import { Moment, PartyId } from "./ids.ts";
import { partyOf, type Roster } from "./roster.ts";
import { isSignedBy } from "./statement.ts";

/** Field of crime: `terrorism` (and violent extremism), or what the parties agree on. */
export const Field = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);

// The smallest batch; and 365 of the largest.
const LEAST_ROWS = 100;
const MOST_ROWS = 292_000_000_000;

/** What `from` signs. */
export const Agreement = z.strictObject({
  field: Field,
  from: PartyId,
  /** Most rows that the batches of `to` for `from` may have in 365 days, filler rows among them. */
  rowsPerYear: z.int().min(LEAST_ROWS).max(MOST_ROWS),
  signature: Bytes64,
  to: PartyId,
  validFrom: Moment,
  validUntil: Moment,
});
export type Agreement = z.infer<typeof Agreement>;

/** What agreements have to cover: both directions of these pairings, this field, all of this time. */
type Cover = {
  readonly pairings: readonly (readonly [string, string])[];
  readonly field: string;
  readonly from: string;
  readonly until: string;
};

/** @returns Whether `agreement` lets its two parties be linked for `field` from `from` to `until`. */
export function covers(agreement: Agreement, { field, from, until }: Omit<Cover, "pairings">): boolean {
  return (
    agreement.field === field &&
    Date.parse(agreement.validFrom) <= Date.parse(from) &&
    Date.parse(agreement.validUntil) >= Date.parse(until)
  );
}

/** @returns What is wrong with a round's agreements, their signatures left aside; null if nothing is. */
export function agreementFault(agreements: readonly Agreement[], cover: Cover): string | null {
  const wanted = cover.pairings.flatMap(([lower, higher]) => [`${lower}-${higher}`, `${higher}-${lower}`]).sort();
  const found = agreements.map(({ from, to }) => `${from}-${to}`);
  const missing = wanted.find((direction) => !found.includes(direction));
  if (missing !== undefined) return `no agreement ${missing}: a pairing needs both directions`;
  if (found.join() !== wanted.join()) return "agreements must be both directions of every pairing, in order";
  const other = agreements.find((agreement) => !covers(agreement, cover));
  if (other !== undefined)
    return `the agreement ${other.from}-${other.to} is for another field or does not last through the round`;
  return null;
}

/** @throws {@link LinkageError} `round-descriptor-invalid` if one is not valid at `now`. */
export function requireValid(agreements: readonly Agreement[], now: Date): void {
  for (const { from, to, validFrom, validUntil } of agreements)
    if (now.getTime() < Date.parse(validFrom) || now.getTime() > Date.parse(validUntil))
      throw new LinkageError(
        "round-descriptor-invalid",
        `the agreement ${from}-${to} is valid from ${validFrom} to ${validUntil}`,
      );
}

/** @throws {@link LinkageError} `round-descriptor-invalid` if one is not signed by its giver's key of the roster. */
export function checkAgreements(roster: Roster, agreements: readonly Agreement[]): void {
  for (const agreement of agreements)
    if (!isSignedBy(partyOf(roster, agreement.from).signKey, "agreement", agreement))
      throw new LinkageError(
        "round-descriptor-invalid",
        `the agreement ${agreement.from}-${agreement.to} is not signed by ${agreement.from}`,
      );
}
