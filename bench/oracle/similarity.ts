/**
 * Similarity of texts, each text compared with another once.
 * Winkler (1990), "String Comparator Metrics and Enhanced Decision Rules in the Fellegi-Sunter Model of Record Linkage".
 */
import { jaroWinkler } from "@skyra/jaro-winkler";

/** Cached rows are let go when they hold more than this. */
const MAX_CACHED_BYTES = 256 * 2 ** 20;

/** Texts by number, and numbers by text. */
export class Interned {
  readonly #numbers = new Map<string, number>();
  readonly texts: string[] = [];

  /** @returns The text's number, from 0 in order of first sight. */
  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.texts.length;
      this.#numbers.set(text, number);
      this.texts.push(text);
    }
    return number;
  }
}

/**
 * Remembers a small whole number, 0 to 254, for each pair of numbers.
 *
 * @param size - Numbers are below it.
 */
export function cachedComparison(
  size: number,
  compare: (one: number, other: number) => number,
): (one: number, other: number) => number {
  const rows = new Map<number, Uint8Array>();
  const maxRows = Math.max(1, Math.floor(MAX_CACHED_BYTES / Math.max(1, size)));
  return (one, other) => {
    let row = rows.get(one);
    if (row === undefined) {
      if (rows.size >= maxRows) rows.clear();
      row = new Uint8Array(size);
      rows.set(one, row);
    }
    const known = row[other] as number;
    if (known !== 0) return known - 1;
    const result = compare(one, other);
    row[other] = result + 1;
    return result;
  };
}

/** @returns Jaro–Winkler similarity, 0 to 1; of empty texts 0. */
export function similarity(one: string, other: string): number {
  if (one === "" || other === "") return 0;
  return one === other ? 1 : jaroWinkler(one, other);
}

/** @returns Whether one letter inserted, left out, replaced or changed over with its neighbour makes one text the other. */
export function withinOneEdit(one: string, other: string): boolean {
  if (one.length > other.length) return withinOneEdit(other, one);
  if (other.length - one.length > 1) return false;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  if (one.length < other.length) return one.slice(start) === other.slice(start + 1);
  if (one.slice(start + 1) === other.slice(start + 1)) return true;
  return (
    one[start] === other[start + 1] &&
    one[start + 1] === other[start] &&
    one.slice(start + 2) === other.slice(start + 2)
  );
}
