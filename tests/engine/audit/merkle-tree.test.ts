/**
 * Roots and proofs of the audit log's tree: every size up to 1,024, and what must not verify.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isConsistent, isIncluded, makeMerkleTree, type MerkleTree } from "#engine/audit/merkle-tree.ts";
import { merkleRoot } from "#engine/merkle.ts";

const SIZES = 1_024;
const LEAVES = Array.from({ length: SIZES }, (_, index) => Buffer.from(`leaf ${index}`));
const TREE = grown(LEAVES);
const ROOTS = Array.from({ length: SIZES + 1 }, (_, size) => TREE.root(size));

test("the root at every size is the streamed one", () => {
  for (let size = 0; size <= SIZES; size += 1)
    if (size < 70 || size % 31 === 0 || size === SIZES)
      expect(Buffer.from(rootAt(size))).toEqual(Buffer.from(merkleRoot(LEAVES.slice(0, size))));
});

test("a root does not change as the tree grows", () => {
  const tree = makeMerkleTree();
  LEAVES.forEach((leaf, index) => {
    tree.append(leaf);
    expect(Buffer.compare(tree.root(index + 1), rootAt(index + 1))).toBe(0);
  });
});

/** Every place up to 160, then the first, the last, those beside powers of two and some between; all with BENCH=full. */
function placesBelow(size: number): number[] {
  const all = Array.from({ length: size }, (_, place) => place);
  return process.env.BENCH === "full" || size <= 160
    ? all
    : all.filter(
        (place) => place === size - 1 || (place & (place - 1)) === 0 || (place & (place + 1)) === 0 || place % 97 === 5,
      );
}

test("in every size up to 1,024 leaves are proven included, and no other leaf by their proof", () => {
  let failures = 0;
  for (let size = 1; size <= SIZES; size++)
    for (const index of placesBelow(size)) {
      const proof = TREE.inclusionProof(index, size);
      if (!isIncluded(leafAt(index), index, size, proof, rootAt(size))) failures++;
      const other = (index + 1) % size;
      if (other !== index && isIncluded(leafAt(other), index, size, proof, rootAt(size))) failures++;
    }
  expect(failures).toBe(0);
});

test("every size up to 1,024 is proven to begin with earlier ones, and no other tree with them", () => {
  const forked = grown([...LEAVES.slice(0, 1), Buffer.from("another"), ...LEAVES.slice(2)]);
  let failures = 0;
  for (let second = 0; second <= SIZES; second++)
    for (const first of [...placesBelow(second), second]) {
      const proof = TREE.consistencyProof(first, second);
      if (!isConsistent(at(TREE, first), at(TREE, second), proof)) failures++;
      if (first < 2) continue;
      for (const other of [proof, forked.consistencyProof(first, second)])
        if (isConsistent(at(TREE, first), at(forked, second), other)) failures++;
    }
  expect(failures).toBe(0);
});

test("a proof with a hash more, less or changed, or for another place or size, proves nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: SIZES }), fc.nat(), fc.nat(), fc.nat(255), (size, seed, where, flip) => {
      const index = seed % size;
      const proof = TREE.inclusionProof(index, size);
      const included = (hashes: readonly Uint8Array[], at = index, of = size): boolean =>
        isIncluded(leafAt(index), at, of, hashes, rootAt(size));
      expect(included(proof)).toBe(true);
      expect(included([...proof, rootAt(size)])).toBe(false);
      expect(included(proof.slice(0, -1))).toBe(false);
      expect(included(changed(proof, where, flip))).toBe(false);
      expect(included(proof, size)).toBe(false);

      const first = 1 + (seed % (size - 1));
      const path = TREE.consistencyProof(first, size);
      const consistent = (hashes: readonly Uint8Array[]): boolean =>
        isConsistent(at(TREE, first), at(TREE, size), hashes);
      expect(consistent(path)).toBe(true);
      expect(consistent([...path, rootAt(size)])).toBe(false);
      expect(consistent(path.slice(0, -1))).toBe(false);
      expect(consistent(changed(path, where, flip))).toBe(false);
      expect(isConsistent(at(TREE, size), at(TREE, first), path)).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

test("what the tree does not have is a programmer's mistake", () => {
  expect(() => TREE.root(SIZES + 1)).toThrow(RangeError);
  expect(() => TREE.inclusionProof(SIZES, SIZES)).toThrow(RangeError);
  expect(() => TREE.inclusionProof(0, 0)).toThrow(RangeError);
  expect(() => TREE.consistencyProof(3, 2)).toThrow(RangeError);
});

function grown(leaves: readonly Uint8Array[]): MerkleTree {
  const tree = makeMerkleTree();
  for (const leaf of leaves) tree.append(leaf);
  return tree;
}

function at(tree: MerkleTree, size: number): { size: number; root: Uint8Array } {
  return { size, root: tree.root(size) };
}

function leafAt(index: number): Uint8Array {
  return LEAVES.at(index) ?? expect.fail("no such leaf");
}

function rootAt(size: number): Uint8Array {
  return ROOTS.at(size) ?? expect.fail("no such size");
}

/** One bit flipped of one hash. */
function changed(proof: readonly Uint8Array[], where: number, flip: number): Uint8Array[] {
  return proof.map((hashed, number) =>
    number === where % proof.length
      ? hashed.map((byte, index) => (index === flip >> 3 ? byte ^ (1 << (flip & 7)) : byte))
      : hashed,
  );
}
