/**
 * Search for leaked facts in streams of bytes, all facts and all encodings in one pass.
 * In: an index of needles and bytes in pieces of any length. Out: where which kind of fact stands in which encoding;
 * never the fact itself.
 *
 * Every position is looked up by its first four bytes in a bitmap, then by eight bytes in a hash table, then compared
 * in full. After Rabin & Karp (1987), "Efficient randomized pattern-matching algorithms", IBM J. Res. Dev. 31(2), with
 * plain windows in the place of a rolling fingerprint, as in multi-pattern search by Wu & Manber (1994), TR 94-17.
 *
 * A text of digits alone counts only when the run of digits ends with it on both sides: eight digits inside a longer
 * number are chance, and a fact written into a longer run of digits is therefore not found.
 */

import { WINDOW_BYTES, encodeNeedle, roomFor, type Encoding } from "./leak-encoding.ts";
import { FACT_KINDS, FORMS, firstEntry, needleText, patternOf, wordAt, wordFilterPlace } from "./needle-index.ts";
import type { FactKind, Form, NeedleIndex } from "./needle-index.ts";

export type Leak = {
  readonly kind: FactKind;
  readonly form: Form;
  readonly encoding: Encoding;
  /** Bytes from the start of the stream to the first byte of the pattern found. */
  readonly offset: number;
  /** Number of the needle in its index; says nothing without the index. */
  readonly needle: number;
};

const BLOCK_BYTES = 1 << 20;
/** Bytes beside a pattern that may belong to its run of digits: one character of UTF-16. */
export const NEIGHBOUR_BYTES = 2;

/** One stream under search. */
export class LeakSearch {
  readonly #index: NeedleIndex;
  readonly #report: (leak: Leak) => void;
  /** Bytes of the stream that are still needed; the first one stands at `#base` of the stream. */
  readonly #block: Uint8Array;
  /** Room for the pattern that is being compared. */
  readonly #pattern: Uint8Array;
  #used = 0;
  #base = 0;
  /** Next position of the block to be tried. */
  #next = 0;

  /** @param report - Called for each leak in order of offset. */
  constructor(index: NeedleIndex, report: (leak: Leak) => void) {
    this.#index = index;
    this.#report = report;
    this.#pattern = new Uint8Array(roomFor(index.longestPatternBytes));
    this.#block = new Uint8Array(BLOCK_BYTES + index.longestPatternBytes + 2 * NEIGHBOUR_BYTES);
  }

  /** Takes the next bytes of the stream; patterns may begin in one piece and end in another. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(bytes.length - at, this.#block.length - this.#used);
      this.#block.set(bytes.subarray(at, at + taken), this.#used);
      this.#used += taken;
      at += taken;
      if (this.#used === this.#block.length) this.#advance();
    }
  }

  /** Searches what is left; the stream is over. */
  end(): void {
    this.#scan(this.#used);
  }

  #advance(): void {
    const until = this.#used - this.#index.longestPatternBytes - NEIGHBOUR_BYTES;
    this.#scan(until);
    const kept = until - NEIGHBOUR_BYTES;
    this.#block.copyWithin(0, kept, this.#used);
    this.#used -= kept;
    this.#base += kept;
    this.#next = NEIGHBOUR_BYTES;
  }

  /** Tries all positions below `until`. */
  #scan(until: number): void {
    const end = Math.min(until, this.#used - WINDOW_BYTES + 1);
    for (let at = this.#next; at < end; at++) {
      at = nextWindow(this.#index, this.#block, at, end);
      if (at < end) this.#verify(at);
    }
    this.#next = Math.max(this.#next, until);
  }

  /** Compares the patterns that begin with the eight bytes at `at`. */
  #verify(at: number): void {
    const present = Buffer.from(this.#block.buffer, 0, this.#used);
    let entry = firstEntry(this.#index, wordAt(present, at), wordAt(present, at + 4));
    for (; entry !== 0; entry = this.#index.nexts[entry - 1] ?? 0) {
      const tailAt = at + (this.#index.lengths[entry - 1] ?? 0) - 4;
      if (tailAt + 4 > this.#used || wordAt(present, tailAt) !== this.#index.tails[entry - 1]) continue;
      const { needle, encoding } = patternOf(this.#index, entry - 1);
      const text = needleText(this.#index, needle);
      const end = at + encodeNeedle(text, encoding, this.#pattern);
      if (present.compare(this.#pattern, 0, end - at, at, end) !== 0) continue;
      if (isInsideNumber(present, at, end, encoding, text.utf8)) continue;
      const kind = FACT_KINDS[this.#index.kinds[needle] ?? -1];
      const form = FORMS[this.#index.forms[needle] ?? -1];
      if (kind === undefined || form === undefined) throw new RangeError("LeakSearch: index is damaged");
      this.#report({ kind, form, encoding, offset: this.#base + at, needle });
    }
  }
}

/** @returns All leaks in bytes that are whole in memory. */
export function findLeaks(index: NeedleIndex, bytes: Uint8Array): Leak[] {
  const leaks: Leak[] = [];
  const search = new LeakSearch(index, (leak) => leaks.push(leak));
  search.push(bytes);
  search.end();
  return leaks;
}

/**
 * @param end - Positions below it are tried; at least seven bytes follow each.
 * @returns First position from `from` on at which some pattern's first eight bytes stand; `end` when none does.
 */
function nextWindow(index: NeedleIndex, block: Uint8Array, from: number, end: number): number {
  let at = nextWord(index.wordFilter, block, from, end);
  while (at < end && firstEntry(index, wordAt(block, at), wordAt(block, at + 4)) === 0)
    at = nextWord(index.wordFilter, block, at + 1, end);
  return at;
}

/** As {@link nextWindow} for the first four bytes, and not surely so. A loop without calls: nearly all bytes end here. */
function nextWord(wordFilter: Uint32Array, block: Uint8Array, from: number, end: number): number {
  let word = wordAt(block, from) >>> 8;
  for (let at = from + 3; at < end + 3; at++) {
    word = (word << 8) | (block[at] as number);
    const place = wordFilterPlace(word);
    if ((((wordFilter[place >>> 5] as number) >>> (place & 31)) & 1) !== 0) return at - 3;
  }
  return end;
}

/** Whether a text of digits alone, found at `start` to `end`, is part of a longer run of digits. */
function isInsideNumber(block: Buffer, start: number, end: number, encoding: Encoding, utf8: Uint8Array): boolean {
  const width = encoding === "utf-8" ? 1 : encoding === "utf-16le" || encoding === "utf-16be" ? 2 : 0;
  if (width === 0 || !utf8.every(isDigit)) return false;
  return [start - width, end].some((at) => {
    if (at < 0 || at + width > block.length) return false;
    if (width === 1) return isDigit(block[at] ?? 0);
    const unit = encoding === "utf-16le" ? block.readUInt16LE(at) : block.readUInt16BE(at);
    return isDigit(unit);
  });
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
