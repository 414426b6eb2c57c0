/**
 * Inclusion and consistency proofs of a Merkle tree, verified by WebCrypto. RFC 9162 §§2.1.3.2 and 2.1.4.2.
 */
import { areEqual, joined, sha256, type Bytes } from "./bytes.ts";

export type Tree = { readonly size: number; readonly root: Bytes };

/**
 * @param leaf - Data of the leaf, not yet hashed.
 * @param index - From 0.
 * @param path - From the leaf upwards.
 */
export async function isIncluded(
  leaf: Bytes,
  index: number,
  { size, root }: Tree,
  path: readonly Bytes[],
): Promise<boolean> {
  if (index >= size) return false;
  let fn = index;
  let sn = size - 1;
  let node = await sha256(joined(Uint8Array.of(0), leaf));
  for (const hashed of path) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      node = await nodeHash(hashed, node);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else node = await nodeHash(node, hashed);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && areEqual(node, root);
}

/** @returns Whether the first tree is the start of the second; one of size 0 is the start of every other. */
export async function isConsistent(first: Tree, second: Tree, path: readonly Bytes[]): Promise<boolean> {
  if (first.size > second.size) return false;
  if (first.size === 0) return path.length === 0 && areEqual(first.root, await sha256(new Uint8Array()));
  if (first.size === second.size) return path.length === 0 && areEqual(first.root, second.root);
  const [start, ...rest] = Number.isInteger(Math.log2(first.size)) ? [first.root, ...path] : path;
  if (start === undefined) return false;
  let fn = first.size - 1;
  let sn = second.size - 1;
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  let firstNode = start;
  let secondNode = start;
  for (const hashed of rest) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      firstNode = await nodeHash(hashed, firstNode);
      secondNode = await nodeHash(hashed, secondNode);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else secondNode = await nodeHash(secondNode, hashed);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && areEqual(firstNode, first.root) && areEqual(secondNode, second.root);
}

function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(joined(Uint8Array.of(1), left, right));
}

function isOdd(number: number): boolean {
  return number % 2 === 1;
}

function half(number: number): number {
  return Math.floor(number / 2);
}
