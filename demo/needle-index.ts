/**
 * The facts that a leak search looks for, as an index that worker threads share.
 * Each text is searched as written and folded, in every encoding of leak-encoding.ts.
 */
import {
  ENCODINGS,
  WINDOW_BYTES,
  encodeNeedle,
  isTelling,
  roomFor,
  type Encoding,
  type SearchedText,
} from "./leak-encoding.ts";

/** What a needle is; a leak is reported by kind, never by value. A control is no leak: a text that is there and must be found. */
export const FACT_KINDS = [
  "full name",
  "date of birth",
  "document",
  "telephone",
  "private key",
  "symmetric key",
  "handle",
  "linkage key",
  "reference",
  "hit id",
  "control",
] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/** A fact as its owner wrote it. */
export type Fact = { readonly kind: FactKind; readonly text: string };

export const FORMS = ["plain", "folded"] as const;
export type Form = (typeof FORMS)[number];

/** Positions of a pattern are numbered needle · 16 + encoding. */
const ENCODING_BITS = 4;
const WORD_FILTER_BITS = 20;
const WINDOW_FILTER_BITS = 24;

/** All arrays lie in shared memory; an entry is kept as its number plus one, 0 means none. */
export type NeedleIndex = {
  /** Distinct texts of all facts in all forms. */
  readonly needleCount: number;
  /** Entries: one for each text in each encoding that gives other bytes than those before it. */
  readonly patternCount: number;
  /** Forms of fewer than `WINDOW_BYTES` bytes, not searched. */
  readonly shortCount: number;
  readonly longestPatternBytes: number;
  /** UTF-8 of needle n is `texts[starts[n] … starts[n + 1]]`. */
  readonly texts: Uint8Array;
  readonly starts: Uint32Array;
  /** Index into FACT_KINDS and FORMS. */
  readonly kinds: Uint8Array;
  readonly forms: Uint8Array;
  /** One bit for each hash of a pattern's first four bytes. */
  readonly wordFilter: Uint32Array;
  /** One bit for each hash of a pattern's first eight bytes. */
  readonly windowFilter: Uint32Array;
  /** Open addressing over distinct windows; four words a slot: the window, big-endian, its first entry, and 0. */
  readonly slots: Int32Array;
  /** Per entry: needle · 16 + encoding, the next entry with the same window, the pattern's length and its last four bytes. */
  readonly patterns: Uint32Array;
  readonly nexts: Uint32Array;
  readonly lengths: Uint16Array;
  readonly tails: Int32Array;
};

/** Lower case without combining marks: what survives a careless normalisation. */
export function foldForSearch(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** @returns Place of a pattern's first word in the filter. */
export function wordFilterPlace(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - WORD_FILTER_BITS);
}

/** @returns Four bytes, big-endian, as a signed integer; bytes outside the array are 0. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
}

/** @returns First entry whose pattern begins with the two words, plus one; 0 when there is none. */
export function firstEntry(index: NeedleIndex, word0: number, word1: number): number {
  const hash = windowHash(word0, word1);
  const place = hash >>> (32 - WINDOW_FILTER_BITS);
  if ((((index.windowFilter[place >>> 5] as number) >>> (place & 31)) & 1) === 0) return 0;
  return index.slots[slotOf(index.slots, hash, word0, word1) + 2] as number;
}

/** @returns Hash of a window, 32 bits unsigned. */
function windowHash(word0: number, word1: number): number {
  const mixed = Math.imul(word0 ^ Math.imul(word1 ^ (word1 >>> 15), 0x85ebca6b), 0xc2b2ae35);
  return Math.imul(mixed ^ (mixed >>> 16), 0x9e3779b1) >>> 0;
}

/** @returns Where the slot begins that holds a window, or the free one where it belongs. */
function slotOf(slots: Int32Array, hash: number, word0: number, word1: number): number {
  const mask = slots.length - 1;
  let at = (hash << 2) & mask;
  while (slots[at + 2] !== 0 && (slots[at] !== word0 || slots[at + 1] !== word1)) at = (at + 4) & mask;
  return at;
}

/** @returns Needle and encoding of an entry. */
export function patternOf(index: NeedleIndex, entry: number): { needle: number; encoding: Encoding } {
  const packed = index.patterns[entry] ?? 0;
  const encoding = ENCODINGS[packed & ((1 << ENCODING_BITS) - 1)];
  if (encoding === undefined) throw new RangeError("patternOf: no such entry");
  return { needle: packed >>> ENCODING_BITS, encoding };
}

/** @returns The text of a needle. */
export function needleText({ texts, starts }: Pick<NeedleIndex, "texts" | "starts">, needle: number): SearchedText {
  const start = starts[needle] ?? 0;
  const utf8 = texts.subarray(start, starts[needle + 1] ?? start);
  return { units: Buffer.from(texts.buffer, start, utf8.length).toString("utf8"), utf8 };
}

/**
 * Builds the index. A text that occurs twice is one needle, of the kind in which it came first.
 *
 * @param facts - In any number; texts of fewer than eight bytes are counted and left out.
 */
export function indexNeedles(facts: Iterable<Fact>): NeedleIndex {
  const { texts, starts, kinds, forms, shortCount, longestTextBytes } = storeTexts(facts);
  const needleCount = kinds.length;
  const capacity = needleCount * ENCODINGS.length;
  const slots = new Int32Array(new SharedArrayBuffer(16 << Math.ceil(Math.log2(capacity * 1.5 + 64))));
  const wordFilter = sharedWords(1 << (WORD_FILTER_BITS - 5));
  const windowFilter = sharedWords(1 << (WINDOW_FILTER_BITS - 5));
  const patterns = sharedWords(capacity);
  const nexts = sharedWords(capacity);
  const lengths = new Uint16Array(new SharedArrayBuffer(capacity * 2));
  const tails = new Int32Array(new SharedArrayBuffer(capacity * 4));
  let patternCount = 0;
  let longestPatternBytes = WINDOW_BYTES;

  const room = new Uint8Array(roomFor(longestTextBytes));
  for (let needle = 0; needle < needleCount; needle++) {
    const text = needleText({ texts, starts }, needle);
    for (const [code, encoding] of ENCODINGS.entries()) {
      const pattern = room.subarray(0, encodeNeedle(text, encoding, room));
      if (!isTelling(text, encoding, pattern)) continue;
      longestPatternBytes = Math.max(longestPatternBytes, pattern.length);
      const word0 = wordAt(pattern, 0);
      const word1 = wordAt(pattern, WINDOW_BYTES / 2);
      const hash = windowHash(word0, word1);
      setBit(wordFilter, wordFilterPlace(word0));
      setBit(windowFilter, hash >>> (32 - WINDOW_FILTER_BITS));
      const slot = slotOf(slots, hash, word0, word1);
      patterns[patternCount] = (needle << ENCODING_BITS) | code;
      nexts[patternCount] = slots[slot + 2] ?? 0;
      lengths[patternCount] = pattern.length;
      tails[patternCount] = wordAt(pattern, pattern.length - 4);
      slots[slot] = word0;
      slots[slot + 1] = word1;
      slots[slot + 2] = ++patternCount;
    }
  }
  return {
    needleCount,
    patternCount,
    shortCount,
    longestPatternBytes,
    texts,
    starts,
    kinds,
    forms,
    wordFilter,
    windowFilter,
    slots,
    patterns,
    nexts,
    lengths,
    tails,
  };
}

function setBit(bits: Uint32Array, place: number): void {
  bits[place >>> 5] = (bits[place >>> 5] ?? 0) | (1 << (place & 31));
}

function storeTexts(facts: Iterable<Fact>) {
  const needles = new Map<string, { kind: FactKind; form: Form }>();
  let shortCount = 0;
  let byteCount = 0;
  let longestTextBytes = 0;
  for (const { kind, text } of facts) {
    for (const form of FORMS) {
      const shape = form === "plain" ? text : foldForSearch(text);
      if (needles.has(shape)) continue;
      const bytes = Buffer.byteLength(shape, "utf8");
      if (bytes < WINDOW_BYTES) {
        shortCount += form === "plain" || shape !== text ? 1 : 0;
        continue;
      }
      needles.set(shape, { kind, form });
      byteCount += bytes;
      longestTextBytes = Math.max(longestTextBytes, bytes);
    }
  }
  const texts = new Uint8Array(new SharedArrayBuffer(byteCount));
  const starts = sharedWords(needles.size + 1);
  const kinds = new Uint8Array(new SharedArrayBuffer(needles.size));
  const forms = new Uint8Array(new SharedArrayBuffer(needles.size));
  let needle = 0;
  let at = 0;
  for (const [text, { kind, form }] of needles) {
    texts.set(Buffer.from(text, "utf8"), at);
    at += Buffer.byteLength(text, "utf8");
    kinds[needle] = FACT_KINDS.indexOf(kind);
    forms[needle] = FORMS.indexOf(form);
    starts[++needle] = at;
  }
  return { texts, starts, kinds, forms, shortCount, longestTextBytes };
}

function sharedWords(length: number): Uint32Array<SharedArrayBuffer> {
  return new Uint32Array(new SharedArrayBuffer(length * 4));
}
