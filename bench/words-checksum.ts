/**
 * Checksum of results that are 32-bit words.
 */

/** FNV-1a over 32-bit words, twice with different bases; 16 hexadecimal digits, order counts. */
export function wordsChecksum(...arrays: readonly Uint32Array[]): string {
  let one = 0x811c9dc5 ^ arrays.reduce((sum, { length }) => sum + length, 0);
  let other = 0x050c5d1f;
  for (const words of arrays) {
    for (const word of words) {
      one = Math.imul(one ^ word, 0x01000193);
      other = Math.imul(other ^ (word + 0x9e3779b9), 0x85ebca6b);
    }
  }
  return [one, other].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
