/**
 * The round's descriptor: who links what with whom, why, and until when; T0 is its hash.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { sizeClassOf } from "../batch/size-class.ts";
import { canonicalBytes } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import { Band } from "../match/band.ts";
import { Bytes32, labelled, toBase64url } from "./binary.ts";
import { Agreement, agreementFault, Field } from "./agreement.ts";
import { Moment, PartyId, RoundId, strictlyIncreasing } from "./ids.ts";
import { MAX_PARTIES } from "./roster.ts";

export const MAX_DECLARED_RECORDS = 10_000_000;
const MAX_PAIRINGS = (MAX_PARTIES * (MAX_PARTIES - 1)) / 2;

/** A band that can leave the secretariat. */
export const ReleasedBand = Band.exclude(["none"]);
export type ReleasedBand = z.infer<typeof ReleasedBand>;

// A lone surrogate has no UTF-8 form, so it could not be hashed the same everywhere; the others are commands to a terminal.
const Text = z
  .string()
  .min(1)
  .max(2_000)
  .regex(/^[^\p{Cc}\p{Cf}\p{Co}\p{Cs}]+$/u, "must be printable text without line feeds");

/** In order; each is later than the one before it. */
export const DEADLINES = ["keys", "submission", "seals", "release", "acknowledgements", "answers", "followUp"] as const;
export type DeadlineName = (typeof DEADLINES)[number];

/** Records that a party may send beyond those that it declared. */
const CEILING = 1.05;

export const RoundDescriptor = z.strictObject({
  /** Both directions of every pairing, in order of from, then to. */
  agreements: z
    .array(Agreement)
    .min(2)
    .max(2 * MAX_PAIRINGS),
  /** Admitted data-subject categories. */
  categories: z
    .array(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/))
    .min(1)
    .max(16),
  /** UTC, whole seconds. */
  deadlines: z.strictObject({
    acknowledgements: Moment,
    answers: Moment,
    followUp: Moment,
    keys: Moment,
    release: Moment,
    seals: Moment,
    submission: Moment,
  } satisfies Record<DeadlineName, typeof Moment>),
  /** Field of crime for which the round is held. */
  field: Field,
  format: z.literal("aquila/round/v3"),
  id: RoundId,
  /** Bits beyond log2 of the larger batch that a key must carry to travel; not below the profile's. */
  informationMarginBits: z.number().min(0).max(30),
  /** Article of the treaty. */
  legalBasis: Text,
  lowestBand: ReleasedBand,
  /** Lower party id first; in increasing order. */
  pairings: z
    .array(z.tuple([PartyId, PartyId]))
    .min(1)
    .max(MAX_PAIRINGS),
  /** In increasing order of id. */
  parties: z
    .array(
      z.strictObject({
        declaredRecords: z.int().min(1).max(MAX_DECLARED_RECORDS),
        id: PartyId,
        /** National article. */
        legalBasis: Text,
      }),
    )
    .min(2)
    .max(MAX_PARTIES),
  /** The profile's digest. */
  profile: Bytes32,
  purpose: Text,
  /** Days after release for which a party may keep a hit that is neither confirmed nor refuted. */
  retentionDays: z.int().min(1).max(3_650),
  /** The roster's digest. */
  roster: Bytes32,
});
export type RoundDescriptor = z.infer<typeof RoundDescriptor>;

/** @returns T0, base64url. */
export function descriptorT0(descriptor: RoundDescriptor): string {
  return toBase64url(
    createHash("sha256")
      .update(labelled("aquila/v1/T0", canonicalBytes(descriptor)))
      .digest(),
  );
}

/**
 * Checks what the shape alone does not say.
 *
 * @throws {@link LinkageError} `round-descriptor-invalid` if categories, parties or pairings are not strictly increasing,
 * a pairing names an unknown party or has the higher id first, a party has no pairing, an agreement is missing or does not cover the round, or the deadlines do not increase. Signatures are checked by
 * {@link checkAgreements}.
 */
export function checkDescriptor(descriptor: RoundDescriptor): void {
  const fault = descriptorFault(descriptor);
  if (fault !== null) throw new LinkageError("round-descriptor-invalid", fault);
}

/**
 * @returns The size class that `party`'s batches have in this round: that of what it declared and 5 % more.
 * @throws {@link LinkageError} `pairing-unknown` if the party is not in the round.
 */
export function expectedRowCount(descriptor: RoundDescriptor, party: string): number {
  const found = descriptor.parties.find((entry) => entry.id === party);
  if (found === undefined) throw new LinkageError("pairing-unknown", `party ${party} is not in round ${descriptor.id}`);
  return sizeClassOf(Math.ceil(found.declaredRecords * CEILING));
}

/** @returns The parties that have a pairing with `party`, in increasing order; empty if it is not in the round. */
export function counterpartsOf(descriptor: RoundDescriptor, party: string): string[] {
  return descriptor.pairings
    .filter((pairing) => pairing.includes(party))
    .map(([lower, higher]) => (lower === party ? higher : lower))
    .sort();
}

/** @throws {@link LinkageError} `round-deadline` once the deadline has passed. */
export function requireBeforeDeadline(
  { deadlines }: Pick<RoundDescriptor, "deadlines">,
  deadline: DeadlineName,
  now: Date,
): void {
  if (now.getTime() > Date.parse(deadlines[deadline]))
    throw new LinkageError("round-deadline", `the deadline ${deadline} was ${deadlines[deadline]}`);
}

function descriptorFault(descriptor: RoundDescriptor): string | null {
  const { categories, deadlines, pairings } = descriptor;
  const parties = descriptor.parties.map((party) => party.id);
  if (!strictlyIncreasing(categories)) return "categories must be in increasing order, each once";
  if (!strictlyIncreasing(parties)) return "parties must be in increasing order of id, each once";
  for (const [lower, higher] of pairings) {
    if (lower >= higher) return `pairing ${lower}-${higher} must name the lower id first`;
    if (!parties.includes(lower) || !parties.includes(higher))
      return `pairing ${lower}-${higher} names no party of the round`;
  }
  // "-" sorts below every letter, so a shorter lower id comes first as it does in the pair's own order.
  if (!strictlyIncreasing(pairings.map((pairing) => pairing.join("-"))))
    return "pairings must be in increasing order, each once";
  const idle = parties.find((party) => counterpartsOf(descriptor, party).length === 0);
  if (idle !== undefined) return `party ${idle} has no pairing`;
  if (!DEADLINES.every((name, at) => at === 0 || deadlines[DEADLINES[at - 1] ?? name] < deadlines[name]))
    return `deadlines must increase: ${DEADLINES.join(", ")}`;
  const { agreements, field } = descriptor;
  return agreementFault(agreements, { pairings, field, from: deadlines.keys, until: deadlines.followUp });
}
