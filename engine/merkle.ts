/**
 * Merkle tree hash over SHA-256.
 * RFC 9162 §2.1.1.
 */
import { hash } from "node:crypto";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/**
 * The root over leaves in order; one leaf at a time, in memory logarithmic in their number.
 *
 * @param leaves - Data of each leaf, not yet hashed; none is allowed.
 * @returns 32 bytes.
 */
export function merkleRoot(leaves: Iterable<Uint8Array>): Uint8Array {
  // One root for each set bit of the count, larger trees first: the splits of RFC 9162 from the left.
  const roots: Uint8Array[] = [];
  let count = 0;
  for (const leaf of leaves) {
    let root = sha256(LEAF, leaf);
    for (let rest = count; rest % 2 === 1; rest = Math.floor(rest / 2)) root = sha256(NODE, popped(roots), root);
    roots.push(root);
    count++;
  }
  if (count === 0) return sha256();
  let root = popped(roots);
  while (roots.length > 0) root = sha256(NODE, popped(roots), root);
  return root;
}

function popped(roots: Uint8Array[]): Uint8Array {
  const root = roots.pop();
  if (root === undefined) throw new RangeError("merkleRoot: no root left");
  return root;
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return hash("sha256", Buffer.concat(parts), "buffer");
}
