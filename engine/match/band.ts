/**
 * Certainty bands: the only statement of certainty that leaves the secretariat.
 */
import { z } from "zod";
import type { Profile } from "../profile.ts";

/** From most to least certain. */
export const BANDS = ["high", "medium", "low", "none"] as const;
export const Band = z.enum(BANDS);
export type Band = z.infer<typeof Band>;

/** @param probability - Match probability, 0 to 1. */
export function bandOf(profile: Profile, probability: number): Band {
  if (probability >= profile.bands.high) return "high";
  if (probability >= profile.bands.medium) return "medium";
  if (probability >= profile.bands.low) return "low";
  return "none";
}

/** @returns Whether `band` is at least as certain as `lowest`. */
export function reaches(band: Band, lowest: Band): boolean {
  return BANDS.indexOf(band) <= BANDS.indexOf(lowest);
}
