/**
 * Quotas: how many rows of one party are tested against another's list within a year; docs/spec/round.md, "Quotas".
 */
import { LinkageError } from "../errors.ts";
import type { Agreement } from "./agreement.ts";
import { expectedRowCount, type RoundDescriptor } from "./descriptor.ts";

const QUOTA_DAYS = 365;
const DAY_MS = 86_400_000;

/** A batch of another round: rows of `from`, tested against the list of `to`. `at`: when, as ISO 8601. */
export type TestedBatch = { readonly at: string; readonly from: string; readonly to: string; readonly rows: number };

/** @returns The moment after which an earlier round counts, for one that begins at `now`. */
export function quotaStart(now: Date): Date {
  return new Date(now.getTime() - QUOTA_DAYS * DAY_MS);
}

/**
 * @param agreements - Those of the round whose quotas are held.
 * @param tested - In other rounds for the same field, in any order; older ones than {@link quotaStart} do not count.
 * @throws {@link LinkageError} `quota-exceeded` naming the first pairing whose quota the round would exceed, and what is left.
 */
export function requireWithinQuotas(
  descriptor: RoundDescriptor,
  agreements: readonly Agreement[],
  tested: readonly TestedBatch[],
  now: Date,
): void {
  const start = quotaStart(now);
  const counted = tested.filter(({ at }) => new Date(at) > start);
  for (const { from: holder, to: tester, rowsPerYear } of agreements) {
    const earlier = counted.filter(({ from, to }) => from === tester && to === holder);
    const left = rowsPerYear - earlier.reduce((sum, { rows }) => sum + rows, 0);
    const rows = expectedRowCount(descriptor, tester);
    if (rows > left)
      throw new LinkageError(
        "quota-exceeded",
        `${holder} lets ${tester} test ${rowsPerYear} rows in ${QUOTA_DAYS} days for ${descriptor.field}; ${Math.max(left, 0)} are left, and round ${descriptor.id} takes ${rows}`,
      );
  }
}
