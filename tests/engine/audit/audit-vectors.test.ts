/**
 * Commitments, heads and proofs of the audit log against fixtures/vectors/audit.json, which a second implementation wrote.
 */
import { expect, test } from "vitest";
import { z } from "zod";
import { AuditEntry, commitmentOf } from "#engine/audit/entry.ts";
import { isConsistent, isIncluded, makeMerkleTree } from "#engine/audit/merkle-tree.ts";
import { Cosignature, signTreeHead, TreeHead } from "#engine/audit/tree-head.ts";
import { Bytes32, Bytes64, fromBase64url, toBase64url } from "#engine/round/binary.ts";
import { isSignedBy, signStatement } from "#engine/round/statement.ts";
import { vectorFile } from "../batch/vectors.ts";

const Name = { name: z.string() };
const Path = z.array(Bytes32);
const Statement = z.strictObject({ message: z.string(), signature: Bytes64 });
const Case = z.discriminatedUnion("kind", [
  z.strictObject({ ...Name, kind: z.literal("commitment"), entry: AuditEntry, salt: Bytes32, expect: Bytes32 }),
  z.strictObject({
    ...Name,
    kind: z.literal("inclusion"),
    index: z.int(),
    size: z.int(),
    root: Bytes32,
    expect: Path,
  }),
  z.strictObject({ ...Name, kind: z.literal("consistency"), first: z.int(), second: z.int(), expect: Path }),
  z.strictObject({
    ...Name,
    kind: z.literal("head"),
    head: TreeHead.omit({ signature: true }),
    expect: Statement,
  }),
  z.strictObject({
    ...Name,
    kind: z.literal("cosignature"),
    cosignature: Cosignature.omit({ signature: true }),
    expect: Statement,
  }),
]);
const { signSecret, signKey, leaves, cases } = z
  .strictObject({ signSecret: Bytes32, signKey: Bytes32, leaves: z.array(Bytes32), cases: z.array(Case).min(1) })
  .parse(vectorFile("audit.json"));
const keys = { signSecret, signKey };
const tree = makeMerkleTree();
for (const leaf of leaves) tree.append(fromBase64url(leaf));

test.each(cases)("$name", (vector) => {
  switch (vector.kind) {
    case "commitment":
      expect(commitmentOf(vector.entry, vector.salt)).toBe(vector.expect);
      break;
    case "inclusion": {
      const { index, size, expect: path } = vector;
      expect(toBase64url(tree.root(size))).toBe(vector.root);
      expect(tree.inclusionProof(index, size).map(toBase64url)).toEqual(path);
      const leaf = fromBase64url(leaves[index] ?? "");
      expect(isIncluded(leaf, index, size, path.map(fromBase64url), fromBase64url(vector.root))).toBe(true);
      break;
    }
    case "consistency": {
      const { first, second, expect: path } = vector;
      expect(tree.consistencyProof(first, second).map(toBase64url)).toEqual(path);
      const at = (size: number) => ({ size, root: tree.root(size) });
      expect(isConsistent(at(first), at(second), path.map(fromBase64url))).toBe(true);
      break;
    }
    case "head": {
      const { at, root, size } = vector.head;
      const head = signTreeHead(keys, size, root, new Date(at));
      expect(head).toEqual({ ...vector.head, signature: vector.expect.signature });
      expect(isSignedBy(signKey, "treeHead", head)).toBe(true);
      break;
    }
    case "cosignature":
      expect(signStatement(keys, "cosignature", vector.cosignature).signature).toBe(vector.expect.signature);
      break;
  }
});
