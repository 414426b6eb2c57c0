/**
 * Binary values in JSON: base64url without padding (RFC 4648 §5), of a fixed length.
 */
import { z } from "zod";

// The last character's unused bits must be zero, so that one value has one spelling.
/** 16 bytes. */
export const Bytes16 = z.string().regex(/^[A-Za-z0-9_-]{21}[AQgw]$/);
/** 32 bytes. */
export const Bytes32 = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);
/** 64 bytes. */
export const Bytes64 = z.string().regex(/^[A-Za-z0-9_-]{85}[AQgw]$/);

/** @param text - base64url, already checked by one of the shapes above. */
export function fromBase64url(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64url"));
}

/** @returns base64url without padding. */
export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/** @returns `label` in ASCII ‖ 0x00 ‖ `parts`, joined. */
export function labelled(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat([Buffer.from(`${label}\0`, "ascii"), ...parts]));
}
