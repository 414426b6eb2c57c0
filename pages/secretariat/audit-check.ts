/**
 * What can be checked of an entry of the audit log, step by step; docs/spec/pages.md, "Audit log".
 */
import type { AuditLeaf } from "#engine/audit/entry.ts";
import type { ConsistencyProof, TreeHead } from "#engine/audit/tree-head.ts";
import type { InclusionProof, SignedHead } from "#engine/round/messages.ts";
import { fromBase64url, labelled, sha256, toBase64url } from "./bytes.ts";
import { canonicalBytes } from "./canonical-json.ts";
import { isConsistent, isIncluded, type Tree } from "./merkle-proof.ts";
import { isSignedBy } from "./signatures.ts";

/** The ways to the server that are wanted here. */
type LogAccess = {
  readonly get: <Body>(path: string) => Promise<Body>;
  readonly secretariat: string;
};

export type CheckedStep = {
  readonly step: "commitment" | "inclusion" | "signature" | "since-sign-in" | "since-kept";
  readonly holds: boolean;
};

/** @returns Whether the commitment is to the entry; true for one that is erased, of which nothing is said. */
export async function isCommittedTo({ commitment, entry, salt }: AuditLeaf): Promise<boolean> {
  if (entry === null || salt === null) return true;
  const committed = labelled("aquila/v1/audit-entry", fromBase64url(salt), canonicalBytes(entry));
  return toBase64url(await sha256(committed)) === commitment;
}

/**
 * Checks an entry against the head of now, and that head against earlier ones.
 *
 * @param first - Head seen first since sign-in.
 * @param kept - Head of a file, if one was opened.
 */
export async function checkEntry(
  log: LogAccess,
  leaf: AuditLeaf,
  number: number,
  first: TreeHead,
  kept: TreeHead | null,
): Promise<{ readonly head: TreeHead; readonly steps: readonly CheckedStep[] }> {
  const { head } = await log.get<SignedHead>("/v1/audit/head");
  const steps: CheckedStep[] = [{ step: "commitment", holds: await isCommittedTo(leaf) }];
  const { path } = await log.get<InclusionProof>(`/v1/audit/inclusion?number=${number}&size=${head.size}`);
  const proof = path.map(fromBase64url);
  const holds = await isIncluded(fromBase64url(leaf.commitment), number, treeOf(head), proof);
  steps.push({ step: "inclusion", holds });
  steps.push({ step: "signature", holds: await isSignedBy(log.secretariat, "treeHead", head) });
  steps.push({ step: "since-sign-in", holds: await follows(log, first, head) });
  if (kept !== null) steps.push({ step: "since-kept", holds: await follows(log, kept, head) });
  return { head, steps };
}

/** @returns Whether both are signed by the secretariat and the second goes on from the first. */
async function follows(log: LogAccess, first: TreeHead, second: TreeHead): Promise<boolean> {
  if (first.size > second.size || !(await isSignedBy(log.secretariat, "treeHead", first))) return false;
  const path = `/v1/audit/consistency?first=${first.size}&second=${second.size}`;
  const proof = await log.get<ConsistencyProof>(path);
  if (proof.first !== first.size || proof.second !== second.size) return false;
  return isConsistent(treeOf(first), treeOf(second), proof.path.map(fromBase64url));
}

function treeOf({ size, root }: TreeHead): Tree {
  return { size, root: fromBase64url(root) };
}
