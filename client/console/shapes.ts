/**
 * Bodies of the console's own HTTP API, between `aquila console` and its pages on the same machine. docs/spec/console.md
 */
import { z } from "zod";
import { HitStatus } from "#engine/round/acts.ts";
import { ReleasedBand } from "#engine/round/descriptor.ts";
import { Bytes16 } from "#engine/round/binary.ts";
import { Moment, PartyId, RoundId } from "#engine/round/ids.ts";
import { Notice } from "#engine/round/notice.ts";
import { RoundState } from "#engine/round/states.ts";

const Text = z.string().max(2_000);
const Reference = z.string().max(200);
const Count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const Bits = z.number();

/** Opens a session, once: the token is in the address that `aquila console` prints. */
export const SessionRequest = z.strictObject({ token: z.string().max(100) });
/** With the cookie: what each later request carries in {@link KEY_HEADER}. */
export type SessionAnswer = { readonly key: string };
export const KEY_HEADER = "aquila-key";
/** What a person says of a hit. */
export const StatusRequest = z.strictObject({ status: HitStatus });
export type StatusRequest = z.infer<typeof StatusRequest>;

/** Who uses the console, and on what. */
export const ConsoleView = z.strictObject({
  party: PartyId,
  counterparts: z.array(PartyId),
  /** Null: inside, without a network. */
  server: Text.nullable(),
  /** File name of the list; null if none was named. */
  list: Text.nullable(),
});
export type ConsoleView = z.infer<typeof ConsoleView>;

const HitFinding = z.enum(["waiting", "unproven", "known-before", "origin-unknown", "same-origin", "independent"]);

/** One hit in the list. */
export const HitRow = z.strictObject({
  hit: Bytes16,
  round: RoundId,
  counterpart: PartyId,
  band: ReleasedBand,
  finding: HitFinding,
  /** Own references of the records that the row stood for. */
  refs: z.array(Reference),
  /** Own 4×4 code, and what the analyst may raise it to. */
  accuracy: Notice.shape.accuracy,
  proposedAccuracy: z.literal("3").nullable(),
  /** What the counterpart says; null until its answer is here. */
  notice: Notice.nullable(),
  /** Counterparts with which the same record has hits in this round. */
  counterparts: Count,
  rules: z.array(z.string()),
  status: z.strictObject({ own: HitStatus.nullable(), theirs: HitStatus.nullable() }),
  /** By the own clock; of a section that an earlier version opened, the deadline by which it was. */
  openedAt: Moment,
  keptUntil: Moment,
});
export type HitRow = z.infer<typeof HitRow>;

/** Opened hits of every round that the vault keeps, newest first, of one round most certain first. */
export const HitList = z.array(HitRow);
export type HitList = z.infer<typeof HitList>;

/** Something that happened to a hit. */
export const HitEvent = z.strictObject({
  at: Moment,
  kind: z.enum(["opened", "answered", "own-status", "their-status"]),
  /** Of a status. */
  status: HitStatus.nullable(),
});
export type HitEvent = z.infer<typeof HitEvent>;

/** A failure: its problem code and what to do. */
const Fault = z.strictObject({ code: z.string(), detail: Text });
export type Fault = z.infer<typeof Fault>;

const WeightTerm = z.strictObject({ group: z.string(), level: z.string(), bits: Bits, rules: z.array(z.string()) });

/** All that the party knows of one hit. */
export const HitView = z.strictObject({
  row: HitRow,
  /** Own records as the list has them, fields that are empty left out; null if no list is named, or it cannot be read. */
  records: z.array(z.record(z.string(), z.unknown())).nullable(),
  /** Why the list cannot be read. */
  listFault: Fault.nullable(),
  terms: z.array(WeightTerm),
  /** Terms that depend on what the counterpart's row has. */
  openTerms: z.array(z.strictObject({ group: z.string(), disagreeBits: Bits, missingBits: Bits })),
  leastBits: Bits,
  mostBits: Bits,
  /** Match probability: least and most that band, pattern and the profile's range of the prior allow. */
  probability: z.strictObject({ least: z.number(), most: z.number() }),
  history: z.array(HitEvent),
});
export type HitView = z.infer<typeof HitView>;

/** Steps of a party through a round, in order. */
export const STEPS = ["keys", "encode", "submit", "seal", "matching", "release", "open", "answers"] as const;
const RoundStep = z.strictObject({
  step: z.enum(STEPS),
  state: z.enum(["done", "ours", "waiting", "later"]),
  /** Parties, or `operators`, whose turn it is. */
  waitingFor: z.array(z.string()),
});

/** What the client does for a round at this moment. */
export const Work = z.strictObject({
  round: RoundId,
  stage: z.enum(["keys", "reading", "encoding", "submitting", "sealing", "opening", "answering"]),
  done: Count,
  total: Count,
});
export type Work = z.infer<typeof Work>;

/** Where the party stands in a round. */
export const RoundStanding = z.strictObject({
  round: RoundId,
  state: RoundState,
  /** Why the attempt was aborted; null unless it was. */
  ending: Text.nullable(),
  purpose: Text,
  legalBasis: Text,
  lowestBand: ReleasedBand,
  counterparts: z.array(PartyId),
  /** The next deadline and its name; null when none is left. */
  deadline: z.strictObject({ name: z.string(), at: Moment }).nullable(),
  keptUntil: Moment,
  steps: z.array(RoundStep),
  work: Work.nullable(),
  hits: z.strictObject({ high: Count, medium: Count, low: Count }),
  /** The last failure of its own steps, and what to do; null if there was none. */
  fault: Fault.nullable(),
});
export type RoundStanding = z.infer<typeof RoundStanding>;

/** What a person can add to a record that lacks it. */
export const ADDABLE_FACTS = [
  "given-name",
  "family-name",
  "birth-date",
  "birth-place",
  "document",
  "phone",
  "online-id",
  "address",
] as const;
export type AddableFact = (typeof ADDABLE_FACTS)[number];

/** What the own list is worth before anything is sent. */
export const Coverage = z.strictObject({
  state: z.enum(["none", "reading", "ready", "failed"]),
  fault: Fault.nullable(),
  records: Count,
  refused: Count,
  refusals: z.array(Text),
  rows: Count,
  /** References of records that cannot be found: too thin, or silenced by a double. */
  thin: z.array(Reference),
  silenced: z.array(Reference),
  /** References merged as one person. */
  merged: z.array(z.array(Reference)),
  silencing: z.array(z.strictObject({ refA: Reference, refB: Reference, ruleCount: Count })),
  /** Records that would be found if they had one more fact, most first. */
  missingFacts: z.array(z.strictObject({ fact: z.enum(ADDABLE_FACTS), records: Count })),
});
export type Coverage = z.infer<typeof Coverage>;

/** Events of `GET /api/events`, by name. */
export type ConsoleEvents = {
  /** Hits that are new or changed. */
  readonly hits: HitList;
  readonly round: RoundStanding;
  readonly coverage: Coverage;
};
