/**
 * Nonces seen while their signatures could still be used again.
 */

/** Most nonces held at once; above it requests are refused, not forgotten. */
const CAPACITY = 1_000_000;

export type Nonces = {
  /**
   * @param nonce - Unique to its signer.
   * @param expiresAt - When the signature can no longer pass, milliseconds since the epoch.
   * @returns False if it was used before or no more can be held.
   */
  readonly use: (nonce: string, expiresAt: number, now: number) => boolean;
};

export function makeNonces(): Nonces {
  const expiries = new Map<string, number>();
  return {
    use: (nonce, expiresAt, now) => {
      // Insertion order is nearly expiry order: no signature lives longer than a minute.
      for (const [old, expiry] of expiries) {
        if (expiry >= now) break;
        expiries.delete(old);
      }
      if (expiries.has(nonce) || expiries.size >= CAPACITY) return false;
      expiries.set(nonce, expiresAt);
      return true;
    },
  };
}
