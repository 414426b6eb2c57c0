/**
 * What is said and done about a round, each signed by its author; docs/spec/round.md.
 */
import { z } from "zod";
import { Bytes16, Bytes32, Bytes64 } from "./binary.ts";
import { Moment, PartyId, RoundId, StaffId } from "./ids.ts";
import { RoundKey } from "./keys.ts";
import { ABORT_REASONS } from "./states.ts";

/** What two different operators have to approve. */
export const ApprovedAct = z.enum(["open", "release", "erase"]);
export type ApprovedAct = z.infer<typeof ApprovedAct>;

/** An operator's approval; `t2` is null before the round is sealed. */
export const Approval = z.strictObject({
  act: ApprovedAct,
  operator: StaffId,
  round: RoundId,
  t0: Bytes32,
  t2: Bytes32.nullable(),
  signature: Bytes64,
});
export type Approval = z.infer<typeof Approval>;

export const Withdrawal = z.strictObject({ party: PartyId, round: RoundId, t0: Bytes32, signature: Bytes64 });
export type Withdrawal = z.infer<typeof Withdrawal>;

/** A party's signature over T2. */
export const Seal = z.strictObject({ party: PartyId, round: RoundId, t2: Bytes32, signature: Bytes64 });
export type Seal = z.infer<typeof Seal>;

/** A party holds its package, which it cannot open yet; `digest` is SHA-256 of it. */
export const Acknowledgement = z.strictObject({
  digest: Bytes32,
  party: PartyId,
  round: RoundId,
  t2: Bytes32,
  signature: Bytes64,
});
export type Acknowledgement = z.infer<typeof Acknowledgement>;

export const HIT_STATUSES = [
  "acknowledged",
  "channel-siena",
  "channel-selec",
  "channel-interpol",
  "channel-liaison",
  "channel-prevention",
  "confirmed",
  "refuted",
] as const;
export const HitStatus = z.enum(HIT_STATUSES);
export type HitStatus = z.infer<typeof HitStatus>;

/** What one side says of a hit, by its id alone. */
export const Status = z.strictObject({
  hit: Bytes16,
  party: PartyId,
  round: RoundId,
  status: HitStatus,
  signature: Bytes64,
});
export type Status = z.infer<typeof Status>;

/** What a client found wrong: `count` of the `of` hits or decoys of a pairing; 1 of 1 when it is the pairing as a whole. */
export const Report = z
  .strictObject({
    count: z.int().min(1).max(1_000_000),
    kind: z.enum(["unproven", "decoy-missing", "no-record", "section-invalid", "not-opened", "unanswered"]),
    of: z.int().min(1).max(1_000_000),
    pairing: z.tuple([PartyId, PartyId]),
    party: PartyId,
    round: RoundId,
    t2: Bytes32,
    signature: Bytes64,
  })
  .refine(({ count, of }) => count <= of, "counts more than there are");
export type Report = z.infer<typeof Report>;

/** An officer's word on a pairing. */
export const Hold = z.strictObject({
  decision: z.enum(["hold", "release", "drop"]),
  officer: StaffId,
  pairing: z.tuple([PartyId, PartyId]),
  round: RoundId,
  t2: Bytes32,
  signature: Bytes64,
});
export type Hold = z.infer<typeof Hold>;

/** A party's word that its counterpart's confirmation fails; it proves nothing but who says so. */
export const ConfirmationDispute = z.strictObject({
  kind: z.literal("confirmation"),
  counterpart: PartyId,
  party: PartyId,
  round: RoundId,
  t0: Bytes32,
  signature: Bytes64,
});
export type ConfirmationDispute = z.infer<typeof ConfirmationDispute>;

/** What a client found that no attempt can go on with: two keys that one party signed for it, or a confirmation that fails. */
export const Dispute = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("two-keys"), first: RoundKey, second: RoundKey }),
  ConfirmationDispute,
]);
export type Dispute = z.infer<typeof Dispute>;

/** How a round came to its end: followed up, erased before that by two operators, or aborted. */
const ErasureOutcome = z.enum(["followed-up", "erased", ...ABORT_REASONS]);

/** The secretariat's word that a round's data key is destroyed; it attests an act and proves nothing. */
export const ErasureCertificate = z.strictObject({
  erasedAt: Moment,
  format: z.literal("aquila/erasure/v1"),
  /** SHA-256 of the name of the file that held the wrapped data key. */
  keyFile: Bytes32,
  outcome: ErasureOutcome,
  round: RoundId,
  t0: Bytes32,
  t1: Bytes32.nullable(),
  t2: Bytes32.nullable(),
  signature: Bytes64,
});
export type ErasureCertificate = z.infer<typeof ErasureCertificate>;
