/**
 * Merkle tree hash over SHA-256.
 * RFC 9162 §2.1.1.
 */
import { hash } from "node:crypto";

const LEAF = 0;
const NODE = 1;
const HASH_BYTES = 32;

/**
 * The root over leaves in order; one leaf at a time, in memory logarithmic in their number.
 *
 * @param leaves - Data of each leaf, not yet hashed; none is allowed. A leaf is not looked at after the next one is asked for.
 * @returns 32 bytes.
 */
export function merkleRoot(leaves: Iterable<Uint8Array>): Uint8Array {
  // One root for each set bit of the count, larger trees first: the splits of RFC 9162 from the left. As text, one
  // character a byte, in which hashes come several times as fast as in buffers of their own.
  const roots: string[] = [];
  let leafInput = Buffer.alloc(0);
  const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES, NODE);
  const joined = (left: string, right: string): string => {
    nodeInput.write(left, 1, "latin1");
    nodeInput.write(right, 1 + HASH_BYTES, "latin1");
    return sha256(nodeInput);
  };
  let count = 0;
  for (const leaf of leaves) {
    if (leafInput.length !== 1 + leaf.length) leafInput = Buffer.alloc(1 + leaf.length, LEAF);
    leafInput.set(leaf, 1);
    let root = sha256(leafInput);
    for (let rest = count; rest % 2 === 1; rest = Math.floor(rest / 2)) root = joined(popped(roots), root);
    roots.push(root);
    count++;
  }
  if (count === 0) return Buffer.from(sha256(Buffer.alloc(0)), "latin1");
  let root = popped(roots);
  while (roots.length > 0) root = joined(popped(roots), root);
  return Buffer.from(root, "latin1");
}

function popped(roots: string[]): string {
  const root = roots.pop();
  if (root === undefined) throw new RangeError("merkleRoot: no root left");
  return root;
}

function sha256(bytes: Uint8Array): string {
  return hash("sha256", bytes, "binary");
}
