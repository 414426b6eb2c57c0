/**
 * Fingerprint of a key that signs only, to be compared by telephone: as engine/round/identity.ts makes it.
 */
import { fromBase64url, labelled, sha256 } from "./bytes.ts";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BYTES = 15;

/** @returns 120 bits in base32 (RFC 4648 §6), six groups of four. */
export async function signerFingerprint(publicKey: string): Promise<string> {
  const digest = await sha256(labelled("aquila/v1/signer-fingerprint", fromBase64url(publicKey)));
  const bits = Array.from(digest.subarray(0, BYTES), (byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = (bits.match(/.{5}/g) ?? []).map((five) => BASE32.charAt(Number.parseInt(five, 2))).join("");
  return (letters.match(/.{4}/g) ?? []).join(" ");
}
