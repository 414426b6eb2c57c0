/**
 * Signed statements: what a party or a member of staff says about a round, as JSON with its signature.
 * Ed25519 (RFC 8032) over `label ‖ 0x00 ‖ canonical JSON without the signature`; docs/spec/round.md lists the labels.
 */
import { canonicalBytes, type Json } from "../canonical-json.ts";
import { LinkageError } from "../errors.ts";
import { signMessage, verifyMessage, type SigningKeys } from "./identity.ts";

export type Signed<Body> = Body & { readonly signature: string };
type Body = Readonly<Record<string, Json>>;

export const STATEMENT_LABELS = {
  rosterEntry: "aquila/v1/roster-entry",
  roster: "aquila/v1/roster",
  agreement: "aquila/v1/agreement",
  approval: "aquila/v1/approval",
  dispute: "aquila/v1/dispute",
  withdrawal: "aquila/v1/withdrawal",
  seal: "aquila/v1/seal",
  acknowledgement: "aquila/v1/acknowledgement",
  status: "aquila/v1/status",
  report: "aquila/v1/report",
  hold: "aquila/v1/hold",
  erasure: "aquila/v1/erasure",
  treeHead: "aquila/v1/tree-head",
  cosignature: "aquila/v1/tree-head-cosignature",
} as const;
export type StatementKind = keyof typeof STATEMENT_LABELS;

/** @returns `body` with the signature of its author; the same body again is the same statement. */
export function signStatement<B extends Body>(keys: SigningKeys, kind: StatementKind, body: B): Signed<B> {
  return { ...body, signature: signMessage(keys, STATEMENT_LABELS[kind], canonicalBytes(body)) };
}

/** @returns Whether the holder of `signKey` signed the statement. */
export function isSignedBy(signKey: string, kind: StatementKind, statement: Signed<Body>): boolean {
  const { signature, ...body } = statement;
  return verifyMessage(signKey, STATEMENT_LABELS[kind], canonicalBytes(body), signature);
}

/** @throws {@link LinkageError} `statement-signature` unless the holder of `signKey` signed it. */
export function checkStatement(signKey: string, kind: StatementKind, statement: Signed<Body>): void {
  if (!isSignedBy(signKey, kind, statement))
    throw new LinkageError("statement-signature", `the ${kind} is not signed by the key of the roster`);
}
