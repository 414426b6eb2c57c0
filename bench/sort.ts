/**
 * Bench `sort`: the order of a key column as a party makes it, one core, uniform keys with the row that holds each.
 * The arrays that a party's sort uses again from column to column are used again here.
 */
import { keysRoom, sortedKeys, type Keys } from "#engine/encode/sort.ts";
import { Draws } from "#fixtures/draws.ts";
import { timeRepeats, type Bench, type Measurement, type Scale } from "./measurement.ts";
import { wordsChecksum } from "./words-checksum.ts";

const SEED = 20_26;
const REFERENCE_KEYS = 20_000;
const KEYS: Record<Scale, readonly number[]> = {
  smoke: [20_000],
  usual: [100_000, 1_000_000],
  full: [100_000, 1_000_000, 4_000_000],
};

export const sort: Bench = {
  name: "sort",
  about: "sorting a key column as a party does it, keys with their rows per second",
  *measure(scale) {
    checkAgainstReference();
    for (const count of KEYS[scale]) yield measureSort(count, 5);
  },
};

function measureSort(count: number, repeats: number): Measurement {
  const keys = drawnKeys(count);
  const room = keysRoom(count);
  const checksums = new Set<string>();
  const timing = timeRepeats(
    repeats,
    () => sortedKeys(keys, room),
    (sorted) => checksums.add(keysChecksum(sorted)),
  );
  const [checksum, ...others] = checksums;
  if (checksum === undefined || others.length > 0) throw new Error("sort: repeats give different orders");
  return {
    size: { keys: count, cellBytes: 12 },
    rates: { keysPerSecond: count / (timing.medianMs / 1000) },
    ...timing,
    checksum,
  };
}

/** Whole numbers in their own order; some keys share the digits that the radix sort looks at, some are equal. */
function checkAgainstReference(): void {
  const keys = drawnKeys(REFERENCE_KEYS);
  for (let at = 0; at < REFERENCE_KEYS; at += 10) {
    keys.upper[at + 1] = keys.upper[at] as number;
    if (at % 20 === 0) keys.lower[at + 1] = keys.lower[at] as number;
  }
  const wholes = Array.from(keys.upper, (high, at) => (BigInt(high) << 32n) | BigInt(keys.lower[at] as number));
  const order = [...wholes.keys()].sort((one, other) => compared(wholes, one, other));
  const inOrder = (values: Uint32Array): Uint32Array => Uint32Array.from(order, (at) => values[at] as number);
  const wanted = wordsChecksum(inOrder(keys.upper), inOrder(keys.lower), inOrder(keys.payload));
  const found = keysChecksum(sortedKeys(keys));
  if (found !== wanted) throw new Error(`sort: checksum ${found}, the reference's is ${wanted}`);
}

function compared(wholes: readonly bigint[], one: number, other: number): number {
  const [a = 0n, b = 0n] = [wholes[one], wholes[other]];
  return a === b ? one - other : a < b ? -1 : 1;
}

function drawnKeys(count: number): Keys {
  const draws = new Draws(SEED);
  const keys = keysRoom(count);
  for (let at = 0; at < count; at++) {
    keys.upper[at] = draws.word();
    keys.lower[at] = draws.word();
    keys.payload[at] = at;
  }
  return keys;
}

function keysChecksum({ upper, lower, payload }: Keys): string {
  return wordsChecksum(upper, lower, payload);
}
