/**
 * Statistics as they are published and as parties send theirs: noised, figures under ten suppressed. docs/spec/statistics.md
 */
import { z } from "zod";
import { Field } from "../round/agreement.ts";
import { ReleasedBand } from "../round/descriptor.ts";
import { PartyId, RoundId } from "../round/ids.ts";
import { MAX_PARTIES } from "../round/roster.ts";
import { RationalText } from "./budget.ts";
import { COUNTERPART_BINS, MIN_FIGURE, RISK_INDICATORS } from "./figures.ts";

const MAX_FIGURE = 2 ** 31;
const MAX_HIT_FIGURES = (3 * MAX_PARTIES * (MAX_PARTIES - 1)) / 2;
/** 1/2 of the yearly 4 each. */
const MAX_ROUNDS = 8;
/** At least 1/64 of the yearly 4 each. */
const MAX_HISTOGRAMS = 256;

/** Null: suppressed. */
const Figure = z.int().min(MIN_FIGURE).max(MAX_FIGURE).nullable();
export type Figure = z.infer<typeof Figure>;
const Category = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);
const ErrorBar = z.int().min(0).max(MAX_FIGURE);

/** A party's histogram of its own records with hits, noised by that party. */
export const PartyStatistics = z.strictObject({
  /** A figure for each category that the round admits. */
  categories: z.record(Category, Figure),
  counterparts: z.record(z.enum(COUNTERPART_BINS), Figure),
  epsilon: RationalText,
  format: z.literal("aquila/statistics/v1"),
  party: PartyId,
  riskIndicators: z.record(z.enum(RISK_INDICATORS), Figure),
  round: RoundId,
});
export type PartyStatistics = z.infer<typeof PartyStatistics>;

/** Distinct hits of a round by pairing and band, noised by the secretariat. */
export const HitStatistics = z.strictObject({
  /** Every pairing of the descriptor, in its order, with every band that the round releases, most certain first. */
  figures: z
    .array(z.strictObject({ band: ReleasedBand, hits: Figure, pairing: z.tuple([PartyId, PartyId]) }))
    .min(1)
    .max(MAX_HIT_FIGURES),
  epsilon: RationalText,
  /** The noise is at most this with probability .95. */
  errorBar: ErrorBar,
  round: RoundId,
});
export type HitStatistics = z.infer<typeof HitStatistics>;

/** What is known of an output from its round: when it was published, and the field of crime of the descriptor. */
const PUBLISHED = { field: Field, releasedAt: z.iso.datetime() };

/** Everything that was published in one calendar year (UTC), oldest first. */
export const YearStatistics = z.strictObject({
  budget: z.strictObject({ limit: RationalText, spent: RationalText }),
  hits: z.array(z.strictObject({ ...HitStatistics.shape, ...PUBLISHED })).max(MAX_ROUNDS),
  parties: z.array(z.strictObject({ ...PartyStatistics.shape, errorBar: ErrorBar, ...PUBLISHED })).max(MAX_HISTOGRAMS),
  year: z.int().min(2_000).max(9_999),
});
export type YearStatistics = z.infer<typeof YearStatistics>;
