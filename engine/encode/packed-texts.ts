/**
 * Many short texts in one buffer: what a list keeps of each record while it is encoded would take ten times the room as
 * strings and arrays.
 */

/** Before each text: how it is held. UTF-16 if need be, since a reference may hold any code unit. */
const LATIN1 = 0;
const UTF16 = 1;
const LAST_LATIN1 = 0xff;
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
    const held = isLatin1(text) ? LATIN1 : UTF16;
    const end = from + 1 + (held === LATIN1 ? text.length : 2 * text.length);
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
    this.#bytes[from] = held;
    this.#bytes.write(text, from + 1, held === LATIN1 ? "latin1" : "utf16le");
    this.#ends[this.#length++] = end;
  }

  /** @throws RangeError if there is no such text. */
  at(index: number): string {
    if (index < 0 || index >= this.#length) throw new RangeError(`no text ${index}`);
    const from = this.#endOf(index - 1);
    const encoding = this.#bytes[from] === LATIN1 ? "latin1" : "utf16le";
    return this.#bytes.toString(encoding, from + 1, this.#endOf(index));
  }

  #endOf(index: number): number {
    return index < 0 ? 0 : (this.#ends[index] as number);
  }
}

function isLatin1(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > LAST_LATIN1) return false;
  return true;
}
