/**
 * Unbiased integers from random bytes, by rejection.
 */

/** Fills the array with cryptographically random bytes. */
export type RandomFill = (bytes: Uint8Array | Uint32Array) => void;

/**
 * @param poolWords - Words of 32 bits that are fetched at once.
 * @returns A function that draws an integer from 0 to below `bound`; `bound` is 1 to 2³².
 */
export function uniformBelow(random: RandomFill, poolWords = 4096): (bound: number) => number {
  const pool = new Uint32Array(poolWords);
  let at = pool.length;
  return (bound) => {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      if (at === pool.length) {
        random(pool);
        at = 0;
      }
      const value = pool[at++] as number;
      if (value < limit) return value % bound;
    }
  };
}
