/**
 * Order of 64-bit keys held as two halves.
 * Radix sort, least significant digit first (Knuth, TAOCP vol. 3, §5.2.5), on the upper halves; ties by the lower.
 */

const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;

/**
 * @param upper - Upper halves.
 * @param lower - Lower halves, same length.
 * @returns Positions in increasing order of key; equal keys in order of position.
 */
export function sortedOrder(upper: Uint32Array, lower: Uint32Array): Uint32Array {
  const count = upper.length;
  let order = new Uint32Array(count);
  for (let at = 0; at < count; at++) order[at] = at;
  for (const shift of [0, DIGIT_BITS]) order = sortedByDigit(order, upper, shift);
  settleTies(order, upper, lower);
  return order;
}

function sortedByDigit(order: Uint32Array, keys: Uint32Array, shift: number): Uint32Array<ArrayBuffer> {
  const starts = new Uint32Array(DIGITS + 1);
  for (const key of keys) {
    const slot = ((key >>> shift) & (DIGITS - 1)) + 1;
    starts[slot] = (starts[slot] as number) + 1;
  }
  for (let digit = 0; digit < DIGITS; digit++)
    starts[digit + 1] = (starts[digit + 1] as number) + (starts[digit] as number);
  const sorted = new Uint32Array(order.length);
  for (const position of order) {
    const digit = ((keys[position] as number) >>> shift) & (DIGITS - 1);
    const slot = starts[digit] as number;
    starts[digit] = slot + 1;
    sorted[slot] = position;
  }
  return sorted;
}

/** Insertion sort of the short runs whose upper halves are equal; stable. */
function settleTies(order: Uint32Array, upper: Uint32Array, lower: Uint32Array): void {
  for (let at = 1; at < order.length; at++) {
    const position = order[at] as number;
    const high = upper[position] as number;
    const low = lower[position] as number;
    let place = at;
    while (place > 0) {
      const before = order[place - 1] as number;
      if (upper[before] !== high || (lower[before] as number) <= low) break;
      order[place] = before;
      place--;
    }
    order[place] = position;
  }
}
