/**
 * The references that a list has had so far, for a list of any size: an open hash table over packed texts.
 * Knuth, TAOCP vol. 3, §6.4, algorithm L.
 */
import { PackedTexts } from "#engine/encode/packed-texts.ts";

const FIRST_SLOTS = 65_536;
/** FNV-1a, 32 bits, over UTF-16 code units. */
const FNV_OFFSET = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;

/** A set of texts that only grows. */
export class SeenReferences {
  readonly #texts = new PackedTexts();
  /** Hash of each text, so that few texts are compared and none is hashed again. */
  #hashes = new Uint32Array(FIRST_SLOTS / 2);
  /** Place of a text, plus one; 0 is free. At most half of them are taken. */
  #slots = new Uint32Array(FIRST_SLOTS);

  /** @returns Whether it was not there before. */
  add(reference: string): boolean {
    const hash = hashOf(reference);
    let slot = hash & (this.#slots.length - 1);
    for (let held = this.#slots[slot] as number; held !== 0; held = this.#slots[slot] as number) {
      if (this.#hashes[held - 1] === hash && this.#texts.at(held - 1) === reference) return false;
      slot = (slot + 1) & (this.#slots.length - 1);
    }
    this.#hashes[this.#texts.length] = hash;
    this.#texts.push(reference);
    this.#slots[slot] = this.#texts.length;
    if (this.#texts.length === this.#hashes.length) this.#grow();
    return true;
  }

  #grow(): void {
    const hashes = new Uint32Array(2 * this.#hashes.length);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let place = 0; place < this.#texts.length; place++) {
      let slot = (hashes[place] as number) & (this.#slots.length - 1);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (this.#slots.length - 1);
      this.#slots[slot] = place + 1;
    }
  }
}

function hashOf(text: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  // The low bits choose the slot: the high ones go into them.
  return (hash ^ (hash >>> 15)) >>> 0;
}
