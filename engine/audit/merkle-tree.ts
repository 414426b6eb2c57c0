/**
 * An append-only Merkle tree that gives its root and proofs at any earlier size.
 * RFC 9162 §2.1. The root alone, streamed, is engine/merkle.ts.
 */
import { hash } from "node:crypto";

const HASH_BYTES = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export type MerkleTree = {
  readonly size: () => number;
  /** @param leaf - Data of the next leaf, not yet hashed. */
  readonly append: (leaf: Uint8Array) => void;
  /** @param size - 0 to the tree's. @returns 32 bytes. */
  readonly root: (size: number) => Uint8Array;
  /**
   * RFC 9162 §2.1.3.1.
   *
   * @param index - Of the leaf, from 0, below `size`.
   * @returns Hashes of 32 bytes, from the leaf upwards.
   */
  readonly inclusionProof: (index: number, size: number) => Uint8Array[];
  /**
   * RFC 9162 §2.1.4.1.
   *
   * @param first - 0 to `second`.
   * @returns Hashes of 32 bytes; none if `first` is 0 or `second`.
   */
  readonly consistencyProof: (first: number, second: number) => Uint8Array[];
};

export function makeMerkleTree(): MerkleTree {
  // levels[k] holds, one after another, the hashes of the complete subtrees of 2^k leaves.
  const levels: HashList[] = [];
  const level = (k: number): HashList => (levels[k] ??= makeHashList());
  const size = (): number => levels[0]?.count() ?? 0;

  /** Of the leaves from `low` to before `high`, at least one; `low` is a multiple of the least power of two ≥ their count. */
  const subtree = (low: number, high: number): Uint8Array => {
    const count = high - low;
    const k = Math.log2(count);
    if (Number.isInteger(k)) return level(k).at(low / count);
    const split = low + splitOf(count);
    return nodeHash(subtree(low, split), subtree(split, high));
  };
  const requireSize = (at: number): void => {
    if (!Number.isInteger(at) || at < 0 || at > size()) throw new RangeError("merkle tree: no such size");
  };

  return {
    size,
    append: (leaf) => {
      let node = leafHash(leaf);
      level(0).push(node);
      for (let k = 0; level(k).count() % 2 === 0; k++) {
        node = nodeHash(level(k).at(level(k).count() - 2), node);
        level(k + 1).push(node);
      }
    },
    root: (at) => {
      requireSize(at);
      return at === 0 ? emptyRoot() : subtree(0, at);
    },
    inclusionProof: (index, at) => {
      requireSize(at);
      if (!Number.isInteger(index) || index < 0 || index >= at) throw new RangeError("merkle tree: no such leaf");
      const path = (low: number, high: number): Uint8Array[] => {
        if (high - low === 1) return [];
        const split = low + splitOf(high - low);
        return index < split
          ? [...path(low, split), subtree(split, high)]
          : [...path(split, high), subtree(low, split)];
      };
      return path(0, at);
    },
    consistencyProof: (first, second) => {
      requireSize(second);
      if (!Number.isInteger(first) || first < 0 || first > second) throw new RangeError("merkle tree: no such size");
      if (first === 0) return [];
      const path = (low: number, high: number, isFirstWhole: boolean): Uint8Array[] => {
        if (high === first) return isFirstWhole ? [] : [subtree(low, high)];
        const split = low + splitOf(high - low);
        return first <= split
          ? [...path(low, split, isFirstWhole), subtree(split, high)]
          : [...path(split, high, false), subtree(low, split)];
      };
      return path(0, second, true);
    },
  };
}

/**
 * RFC 9162 §2.1.3.2.
 *
 * @param leaf - Data of the leaf, not yet hashed.
 * @returns Whether the leaf is number `index` (from 0) of the tree of that size and root.
 */
export function isIncluded(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (index >= size) return false;
  let fn = index;
  let sn = size - 1;
  let node = leafHash(leaf);
  for (const hashed of proof) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      node = nodeHash(hashed, node);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else node = nodeHash(node, hashed);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && areEqual(node, root);
}

/**
 * RFC 9162 §2.1.4.2. A tree of size 0 is the start of every other.
 *
 * @returns Whether the tree of the first size and root is the start of that of the second.
 */
export function isConsistent(
  first: { readonly size: number; readonly root: Uint8Array },
  second: { readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (first.size > second.size) return false;
  if (first.size === 0) return proof.length === 0 && areEqual(first.root, emptyRoot());
  if (first.size === second.size) return proof.length === 0 && areEqual(first.root, second.root);
  const [start, ...rest] = Number.isInteger(Math.log2(first.size)) ? [first.root, ...proof] : proof;
  if (start === undefined) return false;
  let fn = first.size - 1;
  let sn = second.size - 1;
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  let firstNode = start;
  let secondNode = start;
  for (const hashed of rest) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      firstNode = nodeHash(hashed, firstNode);
      secondNode = nodeHash(hashed, secondNode);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else secondNode = nodeHash(secondNode, hashed);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && areEqual(firstNode, first.root) && areEqual(secondNode, second.root);
}

type HashList = {
  readonly count: () => number;
  readonly push: (node: Uint8Array) => void;
  readonly at: (index: number) => Uint8Array;
};

function makeHashList(): HashList {
  let held = Buffer.alloc(64 * HASH_BYTES);
  let count = 0;
  return {
    count: () => count,
    push: (node) => {
      if ((count + 1) * HASH_BYTES > held.length) held = Buffer.concat([held], held.length * 2);
      held.set(node, count++ * HASH_BYTES);
    },
    at: (index) => {
      if (index < 0 || index >= count) throw new RangeError("merkle tree: no such node");
      return held.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
    },
  };
}

/** @returns The largest power of two below a count of two or more. */
function splitOf(count: number): number {
  return 2 ** Math.floor(Math.log2(count - 1));
}

function isOdd(number: number): boolean {
  return number % 2 === 1;
}

function half(number: number): number {
  return Math.floor(number / 2);
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

function emptyRoot(): Uint8Array {
  return hash("sha256", "", "buffer");
}

function leafHash(leaf: Uint8Array): Uint8Array {
  return hash("sha256", Buffer.concat([LEAF, leaf]), "buffer");
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash("sha256", Buffer.concat([NODE, left, right]), "buffer");
}
