/**
 * T2: what was submitted, as every party co-signs it before anything is matched.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalBytes } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import { Bytes32, fromBase64url, labelled, toBase64url } from "./binary.ts";
import type { RoundDescriptor } from "./descriptor.ts";
import { PartyId } from "./ids.ts";

/** A batch that is in, by its SHA-256. */
export const SealedBatch = z.strictObject({ digest: Bytes32, from: PartyId, to: PartyId });
export type SealedBatch = z.infer<typeof SealedBatch>;

/**
 * @param batches - In any order.
 * @returns T2, base64url.
 */
export function transcriptT2(t1: string, batches: readonly SealedBatch[]): string {
  const ordered = inOrder(batches).map(({ digest, from, to }) => ({ digest, from, to }));
  const transcript = labelled("aquila/v1/T2", fromBase64url(t1), canonicalBytes(ordered));
  return toBase64url(createHash("sha256").update(transcript).digest());
}

/** @returns In order of from, then to. */
export function inOrder<Batch extends Pick<SealedBatch, "from" | "to">>(batches: readonly Batch[]): Batch[] {
  return [...batches].sort((a, b) => (`${a.from}-${a.to}` < `${b.from}-${b.to}` ? -1 : 1));
}

/**
 * What a party checks before it co-signs.
 *
 * @param own - Digest of the batch that the party sent, by counterpart.
 * @throws {@link LinkageError} `round-confirmation-failed` if T2 is not that of the batches, a batch of the party is another
 * than the one it sent, or a pairing is there in one direction only or is none of the round's.
 */
export function checkSealed(
  descriptor: RoundDescriptor,
  t1: string,
  t2: string,
  batches: readonly SealedBatch[],
  own: { readonly party: string; readonly digests: ReadonlyMap<string, string> },
): void {
  const fault = sealFault(descriptor, batches, own) ?? (transcriptT2(t1, batches) === t2 ? null : "T2 is another");
  if (fault !== null)
    throw new LinkageError("round-confirmation-failed", `what the server wants sealed is not what was sent: ${fault}`);
}

function sealFault(
  { pairings }: RoundDescriptor,
  batches: readonly SealedBatch[],
  { party, digests }: { readonly party: string; readonly digests: ReadonlyMap<string, string> },
): string | null {
  const listed = new Set(batches.map(({ from, to }) => `${from}-${to}`));
  if (listed.size !== batches.length) return "a batch is listed twice";
  const admitted = new Set(pairings.flatMap(([lower, higher]) => [`${lower}-${higher}`, `${higher}-${lower}`]));
  for (const { digest, from, to } of batches) {
    if (!admitted.has(`${from}-${to}`)) return `${from}-${to} is no pairing of the round`;
    if (!listed.has(`${to}-${from}`)) return `the pairing of ${from} and ${to} is there in one direction only`;
    if (from === party && digests.get(to) !== digest) return `the batch for ${to} is another`;
  }
  return null;
}
