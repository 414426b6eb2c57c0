/**
 * How parties, staff and rounds are named.
 */
import { z } from "zod";

export const PartyId = z.string().regex(/^[A-Z]{2,8}$/);
/** An operator or a data-protection officer. */
export const StaffId = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);
/** One attempt at a round. */
export const RoundId = z.string().regex(/^[a-z0-9-]{1,64}$/);
/** UTC, whole seconds. */
export const Moment = z.iso.datetime({ precision: 0 });

/** @returns Whether each id is larger than the one before it, by its ASCII bytes. */
export function strictlyIncreasing(ids: readonly string[]): boolean {
  return ids.every((id, index) => index === 0 || id > (ids[index - 1] as string));
}
