/**
 * Which rows of a list can be found at all, and what hides the others.
 */
import { informationThreshold } from "../match/weight.ts";
import type { EncodedList } from "./list.ts";

/** `thin`: no key is telling enough; `silenced`: every telling key is shared with another row of the list. */
export type Visibility = "found" | "thin" | "silenced";

/**
 * @param largerRowCount - Rows of the larger batch of the pairing, padding included.
 * @returns One for each row of the list.
 */
export function visibilityOf(list: EncodedList, largerRowCount: number): Visibility[] {
  const thresholdBits = informationThreshold(list.profile, largerRowCount);
  return Array.from({ length: list.rows.length }, (_, row) => {
    if ((list.bestUniqueBits[row] as number) >= thresholdBits) return "found";
    return (list.bestBits[row] as number) >= thresholdBits ? "silenced" : "thin";
  });
}
