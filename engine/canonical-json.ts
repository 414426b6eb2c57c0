/**
 * Canonical JSON (RFC 8785) as bytes, and SHA-256 over it: the form in which anything is hashed or signed.
 */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

/** JSON data; a member that is `undefined` is left out, as in JSON.stringify. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

/** @returns UTF-8 bytes of the RFC 8785 form of `value`. */
export function canonicalBytes(value: Json): Uint8Array {
  const text = canonicalize(value);
  if (text === undefined) throw new RangeError("canonicalBytes: value is not JSON");
  return new TextEncoder().encode(text);
}

/** @returns SHA-256 of the canonical form, base64url, 43 characters. */
export function canonicalDigest(value: Json): string {
  return createHash("sha256").update(canonicalBytes(value)).digest("base64url");
}
