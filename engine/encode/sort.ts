/**
 * Order of 64-bit keys held as two halves.
 * Radix sort, least significant digit first (Knuth, TAOCP vol. 3, §5.2.5), on the upper 22 bits; the rest by insertion.
 */

/** Keys and what belongs to each; all of one length. */
export type Keys = { readonly upper: Uint32Array; readonly lower: Uint32Array; readonly payload: Uint32Array };

/** Two digits: few enough places to write to for a processor to keep track of. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** @returns Room for `count` keys. */
export function keysRoom(count: number): Keys {
  return { upper: new Uint32Array(count), lower: new Uint32Array(count), payload: new Uint32Array(count) };
}

/** @returns The first `count` keys, as a view. */
export function firstKeys({ upper, lower, payload }: Keys, count: number): Keys {
  return { upper: upper.subarray(0, count), lower: lower.subarray(0, count), payload: payload.subarray(0, count) };
}

/**
 * @param keys - Spread evenly, as digests and keys are; only then keys that differ behind their 22nd bit are few.
 * @param room - For as many keys; written over.
 * @param into - For as many keys; may be the arrays of `keys`. New arrays when left out.
 * @returns The keys in increasing order; equal keys in their order.
 */
export function sortedKeys(
  keys: Keys,
  room: Keys = keysRoom(keys.upper.length),
  into: Keys = keysRoom(keys.upper.length),
): Keys {
  sortByDigit(keys, room, 32 - 2 * DIGIT_BITS);
  sortByDigit(room, into, 32 - DIGIT_BITS);
  settleTies(into);
  return into;
}

function sortByDigit({ upper, lower, payload }: Keys, into: Keys, shift: number): void {
  const count = into.upper.length;
  const places = new Uint32Array(DIGITS + 1);
  for (let at = 0; at < count; at++) {
    const place = (((upper[at] as number) >>> shift) & (DIGITS - 1)) + 1;
    places[place] = (places[place] as number) + 1;
  }
  for (let digit = 0; digit < DIGITS; digit++)
    places[digit + 1] = (places[digit + 1] as number) + (places[digit] as number);
  const { upper: toUpper, lower: toLower, payload: toPayload } = into;
  for (let at = 0; at < count; at++) {
    const high = upper[at] as number;
    const digit = (high >>> shift) & (DIGITS - 1);
    const place = places[digit] as number;
    places[digit] = place + 1;
    toUpper[place] = high;
    toLower[place] = lower[at] as number;
    toPayload[place] = payload[at] as number;
  }
}

/** Insertion sort of the short runs whose first 22 bits are equal; stable, in place. */
function settleTies({ upper, lower, payload }: Keys): void {
  for (let at = 1; at < upper.length; at++) {
    const high = upper[at] as number;
    const low = lower[at] as number;
    let place = at;
    while (place > 0) {
      const before = upper[place - 1] as number;
      if (before < high || (before === high && (lower[place - 1] as number) <= low)) break;
      place--;
    }
    if (place === at) continue;
    const held = payload[at] as number;
    upper.copyWithin(place + 1, place, at);
    lower.copyWithin(place + 1, place, at);
    payload.copyWithin(place + 1, place, at);
    upper[place] = high;
    lower[place] = low;
    payload[place] = held;
  }
}
