/**
 * Choices of one alternative from each fact of a rule, best first. docs/spec/encoding.md, "Cells".
 */
import type { StoredAlternative, StoredFact } from "./canonical-values.ts";

/** Holds the combinations of one rule at a time. */
export class BestCombinations {
  /** Number of combinations that there are, wanted or not. */
  count = 0;
  readonly #maxFacts: number;
  /** Places of a combination's alternatives among those stored, one for each fact. */
  readonly #places: Uint16Array;
  readonly #ranks: Float64Array;
  readonly #next: Uint16Array;
  #found = 0;

  /** @param maxFacts - Most facts of a rule. */
  constructor(maxFacts: number, maxSlots: number) {
    this.#maxFacts = maxFacts;
    this.#places = new Uint16Array(maxFacts * maxSlots);
    this.#ranks = new Float64Array(maxSlots);
    this.#next = new Uint16Array(maxFacts);
  }

  /**
   * Looks for the first combinations in increasing sum of ranks, ties in order of the facts; there is none when a fact is missing.
   *
   * @param known - What the record has of each fact of the profile.
   * @param facts - The rule's facts, as places in `known`.
   * @returns How many were found, at most `slots`.
   */
  find(known: readonly StoredFact[], facts: readonly number[], slots: number): number {
    this.#found = 0;
    this.count = 1;
    for (const fact of facts) this.count *= (known[fact] as StoredFact).count;
    if (this.count === 0) return 0;
    this.#next.fill(0);
    do this.#keep(this.#rankSum(known, facts), facts.length, slots);
    while (this.#advance(known, facts, slots));
    return this.#found;
  }

  /** @returns What the combination at `at` takes of the rule's fact at `position`. */
  taken(known: readonly StoredFact[], facts: readonly number[], at: number, position: number): StoredAlternative {
    const place = this.#places[at * this.#maxFacts + position] as number;
    return (known[facts[position] as number] as StoredFact).first[place] as StoredAlternative;
  }

  #rankSum(known: readonly StoredFact[], facts: readonly number[]): number {
    let sum = 0;
    for (let position = 0; position < facts.length; position++) {
      const { first } = known[facts[position] as number] as StoredFact;
      sum += (first[this.#next[position] as number] as StoredAlternative).rank;
    }
    return sum;
  }

  /** Puts the combination behind those found whose rank is not higher, if it is among the first `slots`. */
  #keep(rank: number, factCount: number, slots: number): void {
    let at = this.#found;
    while (at > 0 && (this.#ranks[at - 1] as number) > rank) at--;
    if (at >= slots) return;
    if (this.#found < slots) this.#found++;
    const width = this.#maxFacts;
    if (at < this.#found - 1) {
      this.#ranks.copyWithin(at + 1, at, this.#found - 1);
      this.#places.copyWithin((at + 1) * width, at * width, (this.#found - 1) * width);
    }
    this.#ranks[at] = rank;
    for (let position = 0; position < factCount; position++)
      this.#places[at * width + position] = this.#next[position] as number;
  }

  /** Goes to the next combination in order of the facts. */
  #advance(known: readonly StoredFact[], facts: readonly number[], slots: number): boolean {
    for (let position = facts.length - 1; position >= 0; position--) {
      const place = (this.#next[position] as number) + 1;
      // An alternative behind `slots` others has `slots` better choices before it.
      const stored = (known[facts[position] as number] as StoredFact).first.length;
      if (place < Math.min(stored, slots)) {
        this.#next[position] = place;
        return true;
      }
      this.#next[position] = 0;
    }
    return false;
  }
}
