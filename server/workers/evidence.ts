/**
 * Evidence: row pairs that agree on one rule, each with the upper half of the linkage key that agreed.
 * In one array of words, so that it moves between threads and to disk as one: row a, row b of each pair, behind them the
 * upper halves in the same order.
 */
import type { RulePairs } from "#engine/match/candidates.ts";

/** Words of evidence for each pair. */
const PAIR_WORDS = 3;

/** Evidence of one rule; `uppers` holds one upper half for each of `pairs`. */
export type RuleEvidence = RulePairs & { readonly uppers: Uint32Array };

/** @returns Views on the words' two parts. */
export function evidenceOf(words: Uint32Array): Pick<RuleEvidence, "pairs" | "uppers"> {
  const count = words.length / PAIR_WORDS;
  return { pairs: words.subarray(0, 2 * count), uppers: words.subarray(2 * count) };
}

/** Evidence that grows pair by pair. */
export class EvidenceList {
  #pairs = new Uint32Array(4096);
  #uppers = new Uint32Array(2048);
  #count = 0;

  add(rowA: number, rowB: number, upper: number): void {
    if (this.#count === this.#uppers.length) {
      this.#pairs = grown(this.#pairs);
      this.#uppers = grown(this.#uppers);
    }
    this.#pairs[2 * this.#count] = rowA;
    this.#pairs[2 * this.#count + 1] = rowB;
    this.#uppers[this.#count++] = upper;
  }

  words(): Uint32Array {
    const words = new Uint32Array(PAIR_WORDS * this.#count);
    words.set(this.#pairs.subarray(0, 2 * this.#count));
    words.set(this.#uppers.subarray(0, this.#count), 2 * this.#count);
    return words;
  }
}

/**
 * Parts evidence by row a, so that it is folded in pieces of bounded size.
 *
 * @returns Words by block of `blockRows` rows a, each block's in their order; blocks without pairs are left out.
 */
export function blocksOf(words: Uint32Array, rowCountA: number, blockRows: number): Map<number, Uint32Array> {
  if (words.length === 0) return new Map();
  if (rowCountA <= blockRows) return new Map([[0, words]]);
  const { pairs, uppers } = evidenceOf(words);
  const sizes = new Uint32Array(Math.ceil(rowCountA / blockRows));
  for (let at = 0; at < pairs.length; at += 2) {
    const block = Math.floor((pairs[at] as number) / blockRows);
    sizes[block] = (sizes[block] as number) + 1;
  }
  const blocks = Array.from(sizes, (size) => new Uint32Array(PAIR_WORDS * size));
  const parts = blocks.map(evidenceOf);
  sizes.fill(0);
  for (let at = 0; at < uppers.length; at++) {
    const rowA = pairs[2 * at] as number;
    const block = Math.floor(rowA / blockRows);
    const used = sizes[block] as number;
    const part = parts[block] as (typeof parts)[number];
    part.pairs[2 * used] = rowA;
    part.pairs[2 * used + 1] = pairs[2 * at + 1] as number;
    part.uppers[used] = uppers[at] as number;
    sizes[block] = used + 1;
  }
  return new Map([...blocks.entries()].filter(([, { length }]) => length > 0));
}

function grown(words: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(words.length * 2);
  larger.set(words);
  return larger;
}
