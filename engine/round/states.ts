/**
 * The states of a round; it passes through them one way.
 */
import { z } from "zod";
import { LinkageError } from "../errors.ts";

/** In order. */
export const ROUND_STATES = [
  "draft",
  "opened",
  "keyed",
  "submitting",
  "sealed",
  "matching",
  "released",
  "erased",
] as const;
export const RoundState = z.enum(ROUND_STATES);
export type RoundState = z.infer<typeof RoundState>;

/** @throws {@link LinkageError} `round-state` if `found` is none of `wanted`. */
export function requireState(found: RoundState, wanted: readonly RoundState[]): void {
  if (!wanted.includes(found))
    throw new LinkageError("round-state", `the round is ${found}; this needs it to be ${wanted.join(" or ")}`);
}

/** @returns Whether `state` is `milestone` or a later one. */
export function hasReached(state: RoundState, milestone: RoundState): boolean {
  return ROUND_STATES.indexOf(state) >= ROUND_STATES.indexOf(milestone);
}
