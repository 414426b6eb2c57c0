/**
 * Randomness for the noise on a round's hits: the same for the same release, so that one done again from a restored database
 * tells nothing new, and another for other counts. AES-256-CTR (NIST SP 800-38A) under a key that HMAC-SHA256 makes of the
 * round's data key, with which it ends. docs/spec/statistics.md, "Noise"
 */
import { createCipheriv, createHmac } from "node:crypto";
import { canonicalBytes } from "#engine/canonical-json.ts";
import type { PairingCounts } from "#engine/statistics/release.ts";
import type { RandomFill } from "#engine/uniform.ts";

const BLOCK_BYTES = 16;

/** @param counts - What the noise is added to. */
export function noiseOf(dataKey: Uint8Array, t2: string, counts: readonly PairingCounts[]): RandomFill {
  const seed = createHmac("sha256", dataKey)
    .update("aquila/v1/statistics-noise\0")
    .update(Buffer.from(t2, "base64url"))
    .update(canonicalBytes(counts))
    .digest();
  const cipher = createCipheriv("aes-256-ctr", seed, new Uint8Array(BLOCK_BYTES));
  return (target) => {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    bytes.set(cipher.update(new Uint8Array(bytes.length)));
  };
}
