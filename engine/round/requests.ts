/**
 * What a signed request covers: HTTP Message Signatures (RFC 9421) with Ed25519, Digest Fields (RFC 9530) with SHA-256.
 * Both sides of the wire take it from here.
 */
import { createHash } from "node:crypto";
import type { StaffRole } from "./identity.ts";

export const SIGNATURE_LABEL = "aquila";
export const SIGNATURE_ALGORITHM = "ed25519";
export const SIGNATURE_TAG = "aquila/v1";
/** Header field of a write's idempotency key: the same whenever it is sent again, and for no other request. */
export const IDEMPOTENCY_FIELD = "idempotency-key";
const COMPONENTS = ["@method", "@authority", "@path", "@query", "content-digest"];
const WRITE_COMPONENTS = [...COMPONENTS, IDEMPOTENCY_FIELD];
/** In the order in which they are written; all are required. */
export const SIGNATURE_PARAMETERS = ["created", "expires", "nonce", "keyid", "alg", "tag"];
export const MAX_SIGNATURE_AGE_S = 60;

/** @returns Whether a request of this method changes something. */
export function isWrite(method: string): boolean {
  return method !== "GET" && method !== "HEAD";
}

/** @returns What a request of this method signs, in order. Every one carries Content-Digest, over the empty body too. */
export function signedComponents(method: string): string[] {
  return isWrite(method) ? WRITE_COMPONENTS : COMPONENTS;
}

/** @returns `keyid` of a party. */
export function keyIdOfParty(id: string): string {
  return `party:${id}`;
}

/** @returns `keyid` of an operator or officer. */
export function keyIdOfStaff(role: StaffRole, id: string): string {
  return `${role}:${id}`;
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
  /** Null for a request that changes nothing. */
  readonly idempotencyKey: string | null;
};

/**
 * @param covered - Signature-Input without its label: the list of components and the parameters.
 * @returns The text that is signed (RFC 9421 §2.5).
 */
export function requestBase(request: SignedRequest, covered: string): string {
  const { method, authority, path, query, contentDigest, idempotencyKey } = request;
  const values = [method, authority, path, query, contentDigest, idempotencyKey];
  return signatureBase(
    signedComponents(method).map((name, at) => [`"${name}"`, values[at] ?? ""]),
    covered,
  );
}

/**
 * @param components - Identifier as it is written, with its parameters, and value; in order.
 * @param covered - The value of `@signature-params`.
 * @returns The text that is signed (RFC 9421 §2.5).
 */
export function signatureBase(components: readonly (readonly [string, string])[], covered: string): string {
  return [...components, ['"@signature-params"', covered] as const]
    .map(([identifier, value]) => `${identifier}: ${value}`)
    .join("\n");
}
