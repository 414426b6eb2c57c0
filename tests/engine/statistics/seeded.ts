/**
 * Randomness that depends on a seed alone, fast enough for millions of draws: AES-128-CTR's key stream.
 */
import { createCipheriv, createHash } from "node:crypto";
import type { RandomFill } from "#engine/uniform.ts";

export function seeded(seed: string): RandomFill {
  const key = createHash("sha256").update(seed).digest().subarray(0, 16);
  const stream = createCipheriv("aes-128-ctr", key, Buffer.alloc(16));
  return (target) => {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    bytes.set(stream.update(new Uint8Array(bytes.length)));
  };
}
