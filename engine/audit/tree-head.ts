/**
 * Signed heads of the audit log's tree, what a client makes of one after another, and the parties' co-signatures;
 * docs/spec/audit.md. After the signed tree heads of RFC 9162 §4.10.
 */
import { z } from "zod";
import { Bytes32, Bytes64, fromBase64url } from "../round/binary.ts";
import type { SigningKeys } from "../round/identity.ts";
import { PartyId } from "../round/ids.ts";
import { signStatement } from "../round/statement.ts";
import { isConsistent } from "./merkle-tree.ts";

/** Most hashes of a proof in a tree of 2^53 leaves. */
export const MAX_PROOF = 54;
const Size = z.int().min(0);

export const TreeHead = z.strictObject({
  at: z.iso.datetime({ precision: 3 }),
  format: z.literal("aquila/tree-head/v1"),
  root: Bytes32,
  signature: Bytes64,
  size: Size,
});
export type TreeHead = z.infer<typeof TreeHead>;

/** A party has found the head of that size consistent with what it saw before. */
export const Cosignature = z.strictObject({ party: PartyId, root: Bytes32, signature: Bytes64, size: Size });
export type Cosignature = z.infer<typeof Cosignature>;

export const ConsistencyProof = z.strictObject({ first: Size, second: Size, path: z.array(Bytes32).max(MAX_PROOF) });
export type ConsistencyProof = z.infer<typeof ConsistencyProof>;

/** @param root - 32 bytes, base64url. */
export function signTreeHead(keys: SigningKeys, size: number, root: string, at: Date): TreeHead {
  return signStatement(keys, "treeHead", { at: at.toISOString(), format: "aquila/tree-head/v1", root, size });
}

/** @returns Whether the tree of `first` is the start of that of `second`; the proof names both sizes. */
export function provesConsistency(
  first: Pick<TreeHead, "root" | "size">,
  second: Pick<TreeHead, "root" | "size">,
  proof: ConsistencyProof,
): boolean {
  const treeOf = ({ root, size }: Pick<TreeHead, "root" | "size">) => ({ size, root: fromBase64url(root) });
  return (
    proof.first === first.size &&
    proof.second === second.size &&
    isConsistent(treeOf(first), treeOf(second), proof.path.map(fromBase64url))
  );
}
