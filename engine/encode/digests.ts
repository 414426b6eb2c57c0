/**
 * d of canonical facts: BLAKE2b-128 (RFC 7693, no key) by libsodium. docs/spec/encoding.md, "Cells".
 * One message alone, or many at once without a copy, an allocation or a wrapper's call for each.
 */
import sodium from "libsodium-wrappers";
import { z } from "zod";

export const DIGEST_BYTES = 16;
/** Before every part of a message: its length in bytes, big-endian. */
export const LENGTH_BYTES = 4;
/** Longest message: the label, a rule id and six facts of at most 1,000 bytes each. */
const MAX_MESSAGE_BYTES = 8192;

const message = Buffer.alloc(MAX_MESSAGE_BYTES);

/**
 * d of one message; the reference of {@link DigestBatch}.
 *
 * @param parts - Label, profile version, rule id, then the canonical facts in the rule's order.
 * @throws RangeError when the parts are longer than any rule's facts can be.
 */
export function factDigest(parts: readonly string[]): Uint8Array {
  let at = 0;
  for (const part of parts) {
    if (at + LENGTH_BYTES + 3 * part.length > message.length)
      throw new RangeError("factDigest: the facts are too long");
    const written = message.write(part, at + LENGTH_BYTES);
    message.writeUInt32BE(written, at);
    at += LENGTH_BYTES + written;
  }
  const digest = sodium.crypto_generichash(DIGEST_BYTES, message.subarray(0, at), null);
  message.fill(0, 0, at);
  return digest;
}

/** libsodium as compiled, under the wrapper: pointers into its own memory. */
type RawSodium = {
  /** Replaced when the memory grows, that is, by any allocation. */
  readonly HEAPU8: Uint8Array;
  readonly _malloc: (byteLength: number) => number;
  readonly _free: (pointer: number) => void;
  readonly _crypto_generichash: (
    digest: number,
    digestBytes: number,
    message: number,
    messageBytesLow: number,
    messageBytesHigh: number,
    key: number,
    keyBytes: number,
  ) => number;
};

const isFunction = (value: unknown): boolean => typeof value === "function";
const Wrapper = z.object({
  libsodium: z.custom<RawSodium>(
    (raw) =>
      z
        .object({
          HEAPU8: z.instanceof(Uint8Array),
          _malloc: z.custom(isFunction),
          _free: z.custom(isFunction),
          _crypto_generichash: z.custom(isFunction),
        })
        .safeParse(raw).success,
  ),
});

/** Room for the messages that wait; small enough to stay in a processor's cache. */
const ROOM_BYTES = 65_536;
const MAX_WAITING = 1024;

/** Hashes messages that are put together byte by byte; to be closed. */
export class DigestBatch {
  readonly #sodium: RawSodium;
  readonly #room: number;
  readonly #digestRoom: number;
  readonly #ends = new Uint32Array(MAX_WAITING);
  #heap: Uint8Array;
  #waiting = 0;
  #start = 0;
  #at = 0;
  #digests = new Uint8Array(MAX_WAITING * DIGEST_BYTES);
  #count = 0;

  /** Waits for libsodium to be loaded; then batches can be opened. */
  static async ready(): Promise<void> {
    await sodium.ready;
  }

  constructor() {
    this.#sodium = Wrapper.parse(sodium).libsodium;
    this.#room = this.#sodium._malloc(ROOM_BYTES + MAX_WAITING * DIGEST_BYTES);
    this.#digestRoom = this.#room + ROOM_BYTES;
    this.#heap = this.#sodium.HEAPU8;
    this.#start = this.#at = this.#room;
  }

  /** Adds bytes to the message that is being made: parts, each behind its length. */
  put(bytes: Uint8Array, from: number, to: number): void {
    let at = this.#at;
    if (at + to - from > this.#start + MAX_MESSAGE_BYTES) throw new RangeError("DigestBatch: the facts are too long");
    const heap = this.#heap;
    for (let next = from; next < to; next++) heap[at++] = bytes[next] as number;
    this.#at = at;
  }

  /** Ends the message that is being made. */
  end(): void {
    this.#ends[this.#waiting++] = this.#at;
    this.#start = this.#at;
    if (this.#waiting === MAX_WAITING || this.#at + MAX_MESSAGE_BYTES > this.#digestRoom) this.#hash();
  }

  /** @returns d of every message so far, 16 bytes each, in their order; a view that the next message may change. */
  digests(): Uint8Array {
    this.#hash();
    return this.#digests.subarray(0, this.#count * DIGEST_BYTES);
  }

  /** Wipes and gives back the memory. */
  close(): void {
    this.#heap.fill(0, this.#room, this.#digestRoom + MAX_WAITING * DIGEST_BYTES);
    this.#sodium._free(this.#room);
  }

  #hash(): void {
    let from = this.#room;
    for (let at = 0; at < this.#waiting; at++) {
      const end = this.#ends[at] as number;
      this.#sodium._crypto_generichash(this.#digestRoom + at * DIGEST_BYTES, DIGEST_BYTES, from, end - from, 0, 0, 0);
      from = end;
    }
    const needed = (this.#count + this.#waiting) * DIGEST_BYTES;
    if (needed > this.#digests.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#digests.length));
      larger.set(this.#digests);
      this.#digests = larger;
    }
    const made = this.#heap.subarray(this.#digestRoom, this.#digestRoom + this.#waiting * DIGEST_BYTES);
    this.#digests.set(made, this.#count * DIGEST_BYTES);
    this.#count += this.#waiting;
    this.#waiting = 0;
    this.#start = this.#at = this.#room;
  }
}
