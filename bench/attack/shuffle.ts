/**
 * What an attacker knows comes in an order of its own: an order shared with the truth would find it where all else ties.
 */
import type { Draws } from "#fixtures/draws.ts";

/** @returns The items in an order drawn evenly (Fisher and Yates). */
export function shuffled<Item>(items: readonly Item[], draws: Draws): Item[] {
  const mixed = [...items];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = draws.below(at + 1);
    [mixed[at], mixed[other]] = [mixed[other] as Item, mixed[at] as Item];
  }
  return mixed;
}
