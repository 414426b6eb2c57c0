/**
 * Exact amounts of the statistics, as a person reads them.
 */

/** @param text - `numerator/denominator`. */
export function amountOf(text: string): number {
  const [numerator = 0, denominator = 1] = text.split("/").map(Number);
  return numerator / denominator;
}
