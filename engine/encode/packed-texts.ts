/**
 * Many short texts in one buffer: what a list keeps of each record while it is encoded would take ten times the room as
 * strings and arrays.
 */

/** UTF-16, since a reference may hold any code unit. */
const ENCODING = "utf16le";
const UNIT_BYTES = 2;
const FIRST_BYTES = 65_536;

/** A list of texts that only grows. */
export class PackedTexts {
  #bytes = Buffer.alloc(FIRST_BYTES);
  #ends = new Uint32Array(FIRST_BYTES / Uint32Array.BYTES_PER_ELEMENT);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(text: string): void {
    const from = this.#endOf(this.#length - 1);
    const end = from + text.length * UNIT_BYTES;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    if (this.#length === this.#ends.length) {
      const larger = new Uint32Array(2 * this.#length);
      larger.set(this.#ends);
      this.#ends = larger;
    }
    this.#bytes.write(text, from, ENCODING);
    this.#ends[this.#length++] = end;
  }

  /** @throws RangeError if there is no such text. */
  at(index: number): string {
    if (index < 0 || index >= this.#length) throw new RangeError(`no text ${index}`);
    return this.#bytes.toString(ENCODING, this.#endOf(index - 1), this.#endOf(index));
  }

  #endOf(index: number): number {
    return index < 0 ? 0 : (this.#ends[index] as number);
  }
}
