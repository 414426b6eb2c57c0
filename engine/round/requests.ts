/**
 * What a signed request covers: HTTP Message Signatures (RFC 9421) with Ed25519, Digest Fields (RFC 9530) with SHA-256.
 * Both sides of the wire take it from here.
 */
import { createHash } from "node:crypto";

export const SIGNATURE_LABEL = "aquila";
export const SIGNATURE_ALGORITHM = "ed25519";
export const SIGNATURE_TAG = "aquila/v1";
/** Every request carries Content-Digest, over the empty body too. */
export const SIGNED_COMPONENTS = ["@method", "@authority", "@path", "@query", "content-digest"];
/** In the order in which they are written; all are required. */
export const SIGNATURE_PARAMETERS = ["created", "expires", "nonce", "keyid", "alg", "tag"];
export const MAX_SIGNATURE_AGE_S = 60;

/** @returns `keyid` of a party. */
export function keyIdOfParty(id: string): string {
  return `party:${id}`;
}

/** @returns `keyid` of an operator. */
export function keyIdOfOperator(id: string): string {
  return `operator:${id}`;
}

/** @returns The value of Content-Digest for a body (RFC 9530 §2). */
export function contentDigestOf(body: Uint8Array): string {
  return `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
}

/** What a signature covers of a request, besides its own parameters. */
export type SignedRequest = {
  readonly method: string;
  /** Host, with its port unless that is the scheme's own. */
  readonly authority: string;
  readonly path: string;
  /** "?" if there is none. */
  readonly query: string;
  readonly contentDigest: string;
};

/**
 * @param covered - Signature-Input without its label: the list of components and the parameters.
 * @returns The text that is signed (RFC 9421 §2.5).
 */
export function signatureBase(request: SignedRequest, covered: string): string {
  const { method, authority, path, query, contentDigest } = request;
  return [method, authority, path, query, contentDigest]
    .map((value, at) => `"${SIGNED_COMPONENTS[at]}": ${value}\n`)
    .join("")
    .concat(`"@signature-params": ${covered}`);
}
