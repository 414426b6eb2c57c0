/**
 * The cap on hits of a pairing: a party whose list matches everything holds up no one's release but loses its own tail.
 */
import { MAX_PAIRING_HITS } from "#engine/round/package.ts";
import { counterpartsOf, type RoundDescriptor } from "#engine/round/descriptor.ts";

/**
 * Most hits that a pairing gives: a package's hits, shared evenly by the pairings of whichever of the two parties has
 * more of them, and no more than can be answered. So no package can overflow, and a pairing's cap depends on the descriptor alone.
 *
 * @param maxHits - Most hits in one package.
 */
export function hitCap(maxHits: number, descriptor: RoundDescriptor, pairing: readonly [string, string]): number {
  const counts = pairing.map((party) => counterpartsOf(descriptor, party).length);
  return Math.min(MAX_PAIRING_HITS, Math.floor(maxHits / Math.max(...counts)));
}

/**
 * @param positions - Increasing.
 * @param weightBits - Match weight by position.
 * @returns The `cap` positions of highest weight, increasing; of equal weights the earlier positions.
 */
export function heaviest(positions: readonly number[], weightBits: Float64Array, cap: number): readonly number[] {
  if (positions.length <= cap) return positions;
  const weightOf = (position: number): number => {
    const bits = weightBits[position];
    if (bits === undefined) throw new RangeError(`heaviest: no weight at ${position}`);
    return bits;
  };
  return [...positions]
    .sort((one, other) => weightOf(other) - weightOf(one) || one - other)
    .slice(0, cap)
    .sort((one, other) => one - other);
}
