/**
 * The states of a round; it passes through them one way. One that is aborted goes from any state before released to erased.
 */
import { z } from "zod";
import { LinkageError } from "../errors.ts";
import type { DeadlineName } from "./descriptor.ts";

/** In order. */
export const ROUND_STATES = [
  "draft",
  "opened",
  "keyed",
  "submitting",
  "sealed",
  "matching",
  "reviewed",
  "released",
  "followed-up",
  "erased",
] as const;
export const RoundState = z.enum(ROUND_STATES);
export type RoundState = z.infer<typeof RoundState>;

/** @throws {@link LinkageError} `round-state` if `found` is none of `wanted`. */
export function requireState(found: RoundState, wanted: readonly RoundState[]): void {
  if (!wanted.includes(found))
    throw new LinkageError("round-state", `the round is ${found}; this needs it to be ${wanted.join(" or ")}`);
}

/**
 * Why an attempt ended before anything was released. `equivocated`: a party signed two keys; `disputed`: two parties do not
 * hold the same keys, and nobody can say whose fault it is.
 */
export const ABORT_REASONS = ["expired", "withdrawn", "equivocated", "disputed", "cancelled"] as const;

/** What became of a pairing. `closed`: not acknowledged in time, or not released at all. */
const PAIRING_STATES = ["admitted", "left-out", "matched", "held", "dropped", "opened", "closed"] as const;
export const PairingState = z.enum(PAIRING_STATES);
export type PairingState = z.infer<typeof PairingState>;

/** The deadline of each state; matching has none of its own, erased none at all. */
export const DEADLINE_OF = {
  draft: "keys",
  opened: "keys",
  keyed: "keys",
  submitting: "submission",
  sealed: "release",
  matching: "release",
  reviewed: "release",
  released: "followUp",
  "followed-up": "followUp",
} as const satisfies Partial<Record<RoundState, DeadlineName>>;

/** @returns Whether `state` is `milestone` or a later one. */
export function hasReached(state: RoundState, milestone: RoundState): boolean {
  return ROUND_STATES.indexOf(state) >= ROUND_STATES.indexOf(milestone);
}
