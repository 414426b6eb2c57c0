/**
 * Size classes: the only sizes a batch can have, so that row counts say little about a list.
 * The R10 series of preferred numbers (ISO 3), ten to a decade, from 100 rows.
 */

const R10 = [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8] as const;
const SMALLEST = 100;
const DECADES = 7;

/** All size classes in increasing order, 100 to 8·10⁸ rows. */
export const SIZE_CLASSES: readonly number[] = Array.from({ length: DECADES }, (_, decade) =>
  R10.map((step) => Math.round(step * SMALLEST * 10 ** decade)),
).flat();

/**
 * @param recordCount - Records declared or held, at least 0.
 * @returns The smallest size class that holds them.
 */
export function sizeClassOf(recordCount: number): number {
  const found = SIZE_CLASSES.find((rows) => rows >= recordCount);
  if (found === undefined) throw new RangeError(`sizeClassOf: ${recordCount} records are more than any size class`);
  return found;
}
