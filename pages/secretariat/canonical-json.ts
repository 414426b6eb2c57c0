/**
 * Canonical JSON (RFC 8785) as bytes, by the package that the server uses: the form in which anything is signed.
 */
import canonicalize from "canonicalize";
import { utf8, type Bytes } from "./bytes.ts";

/** @throws RangeError if `value` is not JSON. */
export function canonicalBytes(value: unknown): Bytes {
  const text = canonicalize(value);
  if (text === undefined) throw new RangeError("canonicalBytes: value is not JSON");
  return utf8(text);
}
