/**
 * Argon2id (RFC 9106) in a worker of its own, which is loaded to open a key file and ended after it.
 */
import { argon2id } from "@noble/hashes/argon2.js";
import type { Bytes } from "./bytes.ts";

export type Argon2Order = {
  /** Overwritten. */
  readonly passphrase: Bytes;
  readonly salt: Bytes;
  readonly lanes: number;
  readonly memoryKib: number;
  readonly passes: number;
};

const KEY_BYTES = 32;

addEventListener("message", ({ data }: MessageEvent<Argon2Order>) => {
  const { passphrase, salt, lanes, memoryKib, passes } = data;
  const key = argon2id(passphrase, salt, { t: passes, m: memoryKib, p: lanes, dkLen: KEY_BYTES, version: 0x13 });
  passphrase.fill(0);
  postMessage(key, { transfer: [key.buffer] });
});
