/**
 * Ed25519 and X25519 keys as raw 32 bytes, and as node:crypto's key objects.
 * RFC 8410 §§4 and 7: the DER forms are a fixed prefix before the 32 bytes.
 */
import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from "node:crypto";

export type Curve = "ed25519" | "x25519";

const PRIVATE_PREFIX: Record<Curve, string> = {
  ed25519: "302e020100300506032b657004220420",
  x25519: "302e020100300506032b656e04220420",
};
const PUBLIC_PREFIX: Record<Curve, string> = {
  ed25519: "302a300506032b6570032100",
  x25519: "302a300506032b656e032100",
};
const KEY_BYTES = 32;

/** @param secret - The private key's 32 bytes (for Ed25519 the seed), base64url. */
export function privateKeyOf(curve: Curve, secret: string): KeyObject {
  return createPrivateKey({ key: der(PRIVATE_PREFIX[curve], secret), format: "der", type: "pkcs8" });
}

/** @param publicKey - The public key's 32 bytes, base64url. */
export function publicKeyOf(curve: Curve, publicKey: string): KeyObject {
  return createPublicKey({ key: der(PUBLIC_PREFIX[curve], publicKey), format: "der", type: "spki" });
}

/** @returns Whether every secret made with this X25519 public key is all zero (RFC 7748 §6.1). */
export function hasSmallOrder(publicKey: string): boolean {
  const { privateKey } = generateKeyPairSync("x25519");
  try {
    diffieHellman({ privateKey, publicKey: publicKeyOf("x25519", publicKey) });
    return false;
  } catch {
    // OpenSSL refuses an all-zero secret, and nothing else of 32 bytes.
    return true;
  }
}

/** @returns The 32 bytes of a private key, base64url. */
export function rawPrivate(key: KeyObject): string {
  return key.export({ format: "der", type: "pkcs8" }).subarray(-KEY_BYTES).toString("base64url");
}

/** @returns The 32 bytes of a public key, base64url. */
export function rawPublic(key: KeyObject): string {
  return key.export({ format: "der", type: "spki" }).subarray(-KEY_BYTES).toString("base64url");
}

function der(prefix: string, key: string): Buffer {
  const bytes = Buffer.from(key, "base64url");
  if (bytes.length !== KEY_BYTES) throw new RangeError(`a raw key has ${KEY_BYTES} bytes, not ${bytes.length}`);
  return Buffer.concat([Buffer.from(prefix, "hex"), bytes]);
}
