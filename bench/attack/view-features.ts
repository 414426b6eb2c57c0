/**
 * What a classifier looks at in the two batches of a pairing: bytes and bits, compression, order, gaps, counts, and how rows of one
 * column lie in the others, in the classes and in the join.
 */
import { constants, brotliCompressSync, deflateRawSync } from "node:zlib";
import type { KeyColumn } from "#engine/batch/column.ts";
import { CHUNK_BYTES, HANDLE_BYTES } from "#engine/batch/layout.ts";
import type { Batch } from "#engine/batch/read.ts";
import type { BatchView, ServerView } from "./fake-view.ts";

const WORD_BITS = 32;
const BIGRAM_BUCKETS = 128;

/** @returns As many features for every view of a profile, in a fixed order. */
export function featuresOf({ a, b, joined }: ServerView): number[] {
  const joinedOf = (side: 0 | 1): Uint32Array[] => joined.map((pairs) => pairs.filter((_, at) => at % 2 === side));
  return [
    ...batchFeatures(a, joinedOf(0)),
    ...batchFeatures(b, joinedOf(1)),
    ...meetings(a.batch, b.batch),
    correlation(
      joined.flatMap((pairs) => [...pairs.filter((_, at) => at % 2 === 0)]),
      joined.flatMap((pairs) => [...pairs.filter((_, at) => at % 2 === 1)]),
    ),
  ];
}

function batchFeatures({ bytes, batch }: BatchView, joined: readonly Uint32Array[]): number[] {
  const { columns, handles, classes, rowCount } = batch;
  const parts = { upper: partOf(columns, "upper"), lower: partOf(columns, "lower"), row: partOf(columns, "row") };
  const ranks = columns.map(({ row }) => standardised(placeSums(row, rowCount)));
  const rowNumbers = standardised(indexes(rowCount));
  const firstBytes = standardised(valuesOf(rowCount, (row) => handles[row * HANDLE_BYTES] ?? 0));
  const ownClasses = standardised(classes);
  return [
    ...headerFeatures(batch, bytes.length),
    ...compressed(bytes, handles, classes, ...Object.values(parts)),
    ...byteCounts(handles),
    ...byteCounts(asBytes(parts.upper)),
    ...byteCounts(asBytes(parts.lower)),
    ...bitMeans(parts.upper),
    ...bitMeans(parts.lower),
    ...bitMeans(new Uint32Array(handles.slice().buffer)),
    ...bigrams(asBytes(parts.lower)),
    ...columns.flatMap((column, rule) => columnFeatures(column, joined[rule] ?? new Uint32Array(), rowCount)),
    ...ranks.flatMap((rank, rule) => [
      product(rank, ranks[(rule + 1) % ranks.length] as Float64Array),
      product(rank, rowNumbers),
      product(rank, ownClasses),
      product(rank, firstBytes),
    ]),
    ...rankAgreement(ranks),
    product(ownClasses, rowNumbers),
    product(ownClasses, firstBytes),
    product(rowNumbers, firstBytes),
    ...joinedRowFeatures(joined, batch),
  ];
}

/** Shape of the header and of what the client sends: number of chunks and length of the last. */
function headerFeatures({ header }: Batch, byteLength: number): number[] {
  const root = Buffer.from(header.provenanceRoot, "base64url");
  const keyId = Buffer.from(header.keyId, "base64url");
  return [
    JSON.stringify(header).length,
    Math.ceil(byteLength / CHUNK_BYTES),
    byteLength % CHUNK_BYTES,
    mean(root),
    mean(keyId),
    mean(bitMeans(new Uint32Array(new Uint8Array(root).buffer))),
    mean(bitMeans(new Uint32Array(new Uint8Array(keyId).buffer))),
    new Set(root).size,
    new Set(keyId).size,
    ...[...root.subarray(0, 8), ...keyId.subarray(0, 8)],
  ];
}

function compressed(bytes: Uint8Array, ...parts: readonly (Uint8Array | Uint32Array)[]): number[] {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 2 };
  return [
    brotliCompressSync(bytes, { params }).length,
    ...parts.map((part) => deflateRawSync(asBytes(part), { level: 3 }).length),
  ];
}

/** Order, gaps and the joined keys' places in one column. */
function columnFeatures({ upper, lower, row }: KeyColumn, joined: Uint32Array, rowCount: number): number[] {
  const count = upper.length;
  const keys = valuesOf(count, (at) => (upper[at] as number) + (lower[at] as number) / 2 ** WORD_BITS);
  const gaps = valuesOf(count - 1, (at) => (keys[at + 1] as number) - (keys[at] as number));
  const logGaps = gaps.map((gap) => Math.log2(gap + 2 ** -WORD_BITS));
  const isJoined = new Uint8Array(rowCount);
  for (const one of joined) isJoined[one] = 1;
  const places = indexes(count).filter((at) => isJoined[row[at] as number] === 1);
  const steps = valuesOf(count - 1, (at) => Math.abs((row[at + 1] as number) - (row[at] as number)));
  return [
    keys[0] ?? 0,
    keys[count - 1] ?? 0,
    mean(keys),
    deviation(keys),
    mean(lower),
    mean(logGaps),
    deviation(logGaps),
    Math.min(...logGaps),
    Math.max(...logGaps),
    correlation(gaps.subarray(1), gaps.subarray(0, -1)),
    correlation(indexes(count), row),
    correlation(lower, row),
    correlation(lower.subarray(1), lower.subarray(0, -1)),
    mean(steps),
    correlation(row.subarray(1), row.subarray(0, -1)),
    joined.length,
    mean(places),
    deviation(places),
    mean(places.map((at) => logGaps[at] ?? 0)),
    mean(places.map((at) => lower[at] as number)),
    mean(joined),
    correlation(indexes(joined.length), joined),
  ];
}

/** Where the joined rows stand, and what their handles and classes look like. */
function joinedRowFeatures(joined: readonly Uint32Array[], { handles, classes, rowCount }: Batch): number[] {
  const rows = [...new Set(joined.flatMap((some) => [...some]))];
  return [
    rows.length,
    mean(rows) / rowCount,
    deviation(rows) / rowCount,
    Math.max(-1, ...rows) / rowCount,
    mean(rows.map((row) => handles[row * HANDLE_BYTES] ?? 0)),
    mean(rows.map((row) => classes[row] ?? 0)),
  ];
}

/** Keys and halves of keys that two columns have in common, where no rule joins them. */
function meetings(a: Batch, b: Batch): number[] {
  const halves = (batches: readonly Batch[], half: "upper" | "lower"): number => {
    const sorted = partOf(
      batches.flatMap(({ columns }) => columns),
      half,
    ).sort();
    return sorted.reduce((count, value, at) => count + Number(value === sorted[at - 1]), 0);
  };
  return (["upper", "lower"] as const).flatMap((half) => [halves([a], half), halves([b], half), halves([a, b], half)]);
}

/** Mean and extremes of the correlations between the columns' orders of rows, all pairs of columns. */
function rankAgreement(ranks: readonly Float64Array[]): number[] {
  const all = ranks.flatMap((one, at) => ranks.slice(at + 1).map((other) => product(one, other)));
  return [mean(all), deviation(all), Math.min(...all), Math.max(...all)];
}

/** @returns Sum of each row's places in a column. */
function placeSums(row: Uint32Array, rowCount: number): Float64Array {
  const sums = new Float64Array(rowCount);
  row.forEach((owner, at) => (sums[owner] = (sums[owner] as number) + at));
  return sums;
}

function partOf(columns: readonly KeyColumn[], part: keyof KeyColumn): Uint32Array {
  const whole = new Uint32Array(columns.reduce((sum, { row }) => sum + row.length, 0));
  let at = 0;
  for (const column of columns) {
    whole.set(column[part], at);
    at += column[part].length;
  }
  return whole;
}

function asBytes(values: Uint8Array | Uint32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function byteCounts(bytes: Uint8Array): number[] {
  const counts = new Array<number>(256).fill(0);
  for (const byte of bytes) counts[byte] = (counts[byte] as number) + 1;
  return counts;
}

/** @returns Share of words that have each bit. */
function bitMeans(words: Uint32Array): number[] {
  const counts = new Array<number>(WORD_BITS).fill(0);
  for (const word of words)
    for (let bit = 0; bit < WORD_BITS; bit++) counts[bit] = (counts[bit] as number) + ((word >>> bit) & 1);
  return counts.map((count) => count / words.length);
}

/** Pairs of neighbouring bytes, hashed. */
function bigrams(bytes: Uint8Array): number[] {
  const counts = new Array<number>(BIGRAM_BUCKETS).fill(0);
  for (let at = 1; at < bytes.length; at++) {
    const bucket = (((bytes[at - 1] as number) * 167 + (bytes[at] as number) * 59) >>> 3) % BIGRAM_BUCKETS;
    counts[bucket] = (counts[bucket] as number) + 1;
  }
  return counts;
}

const indexes = (count: number): Float64Array => valuesOf(count, (at) => at);

function valuesOf(count: number, valueAt: (at: number) => number): Float64Array {
  const values = new Float64Array(count);
  for (let at = 0; at < count; at++) values[at] = valueAt(at);
  return values;
}

/** 0 of none. */
function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (const value of Float64Array.from(values)) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}

/** Of the values themselves, not of a larger population; 0 of none. */
function deviation(values: ArrayLike<number>): number {
  const centre = mean(values);
  return Math.sqrt(mean(Float64Array.from(values, (value) => (value - centre) ** 2)));
}

/** Pearson's; 0 where a side does not vary. */
function correlation(one: ArrayLike<number>, other: ArrayLike<number>): number {
  return product(standardised(one), standardised(other));
}

/** @returns The values around their mean, with squares that add up to 1; or zeros. */
function standardised(values: ArrayLike<number>): Float64Array {
  const around = Float64Array.from(values);
  let [sum, squares] = [0, 0];
  for (const value of around) sum += value;
  const centre = sum / around.length;
  for (const value of around) squares += (value - centre) ** 2;
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
  for (let at = 0; at < around.length; at++) around[at] = ((around[at] as number) - centre) * scale;
  return around;
}

function product(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] as number) * (other[at] as number);
  return sum;
}
