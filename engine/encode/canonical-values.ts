/**
 * A record's canonical values as the bytes that are hashed, each written once however many cells hold it.
 */
import { LENGTH_BYTES } from "./digests.ts";
import type { Alternative } from "./fact-kinds.ts";

/** An alternative with its place among the fact's alternatives, repeats included, and where its bytes lie. */
export type StoredAlternative = {
  readonly bits: number;
  readonly rank: number;
  readonly from: number;
  readonly to: number;
};

/** What a record has of one fact. */
export type StoredFact = {
  /** Number of distinct alternatives. */
  readonly count: number;
  /** The first of them, as many as were wanted. */
  readonly first: readonly StoredAlternative[];
};

const NONE: StoredFact = { count: 0, first: [] };
const LAST_ASCII = 0x7f;
/** UTF-8 bytes of one UTF-16 code unit, at most. */
const MAX_UNIT_BYTES = 3;
/** More values than this are compared by a set. */
const FEW = 8;

/** Holds the values of one record at a time. */
export class CanonicalValues {
  /** Each value behind its length. */
  bytes = Buffer.alloc(4096);
  #end = 0;

  /** Wipes the values held. */
  clear(): void {
    this.bytes.fill(0, 0, this.#end);
    this.#end = 0;
  }

  /**
   * @param wanted - Most alternatives that any rule sends.
   * @returns The alternatives, each value once, at its first place.
   */
  store(alternatives: readonly Alternative[], wanted: number): StoredFact {
    if (alternatives.length === 0) return NONE;
    const first: StoredAlternative[] = [];
    let count = 0;
    const seen = alternatives.length > FEW ? new Set<string>() : undefined;
    for (let rank = 0; rank < alternatives.length; rank++) {
      const { value, bits } = alternatives[rank] as Alternative;
      if (seen === undefined ? isRepeat(alternatives, rank) : seen.has(value)) continue;
      seen?.add(value);
      if (count++ >= wanted) continue;
      const from = this.#end;
      this.#write(value);
      first.push({ bits, rank, from, to: this.#end });
    }
    return { count, first };
  }

  #write(value: string): void {
    const start = this.#end + LENGTH_BYTES;
    const needed = start + MAX_UNIT_BYTES * value.length;
    if (needed > this.bytes.length) {
      const larger = Buffer.alloc(2 * needed);
      larger.set(this.bytes);
      this.bytes.fill(0);
      this.bytes = larger;
    }
    const end = start + writeText(this.bytes, value, start);
    this.bytes.writeUInt32BE(end - start, this.#end);
    this.#end = end;
  }
}

/** @returns The parts of a message, each behind its length. */
export function messageOf(parts: readonly string[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(Buffer.byteLength(part));
      return Buffer.concat([length, Buffer.from(part)]);
    }),
  );
}

function isRepeat(alternatives: readonly Alternative[], rank: number): boolean {
  const value = alternatives[rank]?.value;
  for (let at = 0; at < rank; at++) if (alternatives[at]?.value === value) return true;
  return false;
}

/** UTF-8; nearly all canonical values are ASCII, and short. */
function writeText(bytes: Buffer, text: string, at: number): number {
  for (let next = 0; next < text.length; next++) {
    const unit = text.charCodeAt(next);
    if (unit > LAST_ASCII) return bytes.write(text, at);
    bytes[at + next] = unit;
  }
  return text.length;
}
