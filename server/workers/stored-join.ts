/**
 * Merge join of two stored columns over a key range, without either column ever being whole in memory.
 * Upper halves first; lower halves and rows are looked at only where upper halves are equal. Gives what joinColumns gives, and the upper halves.
 */
import type { ColumnLayout } from "#engine/batch/layout.ts";
import type { TilePart } from "../tiles.ts";
import { EvidenceList } from "./evidence.ts";
import type { StoredBytes } from "./stored-bytes.ts";

export type StoredColumn = { readonly bytes: StoredBytes; readonly layout: ColumnLayout };

/** Half-open range of positions in a column. */
type Range = { readonly start: number; readonly end: number };

/** Runs of equal upper halves that wait for their lower halves, at most; so memory stays flat if all keys are equal. */
const WAITING_RUNS = 65_536;
/** Start and end in column a, start and end in column b, upper half. */
const RUN_NUMBERS = 5;

/** Evidence in order of key, and the keys looked at in both columns. */
export type JoinedRange = { readonly evidence: Uint32Array; readonly keys: number };

export async function joinStored(
  a: StoredColumn,
  b: StoredColumn,
  { fromUpper, toUpper }: Pick<TilePart, "fromUpper" | "toUpper">,
): Promise<JoinedRange> {
  const rangeA = { start: await lowerBound(a, fromUpper), end: await lowerBound(a, toUpper) };
  const rangeB = { start: await lowerBound(b, fromUpper), end: await lowerBound(b, toUpper) };
  const merge = upperMerge(a, rangeA, b, rangeB);
  const found = new EvidenceList();
  const cells = [a, b].map(({ bytes, layout }) => ({
    lower: new WordCursor(bytes, layout.lowerAt),
    row: new WordCursor(bytes, layout.rowAt),
  }));
  const [cellsA, cellsB] = cells as [Cells, Cells];
  for (;;) {
    const { runs, count, isDone } = await merge();
    for (let at = 0; at < count * RUN_NUMBERS; at += RUN_NUMBERS) {
      let i = runs[at] as number;
      let j = runs[at + 2] as number;
      const endA = runs[at + 1] as number;
      const endB = runs[at + 3] as number;
      const upper = runs[at + 4] as number;
      while (i < endA && j < endB) {
        if (!cellsA.lower.has(i)) await cellsA.lower.seek(i);
        if (!cellsB.lower.has(j)) await cellsB.lower.seek(j);
        const lowerA = cellsA.lower.at(i);
        const lowerB = cellsB.lower.at(j);
        if (lowerA === lowerB) {
          if (!cellsA.row.has(i)) await cellsA.row.seek(i);
          if (!cellsB.row.has(j)) await cellsB.row.seek(j);
          found.add(cellsA.row.at(i), cellsB.row.at(j), upper);
        }
        i += Number(lowerA <= lowerB);
        j += Number(lowerB <= lowerA);
      }
    }
    if (isDone) break;
  }
  return { evidence: found.words(), keys: rangeA.end - rangeA.start + rangeB.end - rangeB.start };
}

/** @returns First position in the column whose upper half is at least `bound`. */
async function lowerBound({ bytes, layout }: StoredColumn, bound: number): Promise<number> {
  let low = 0;
  let high = layout.cells;
  if (bound <= 0) return low;
  if (bound >= 2 ** 32) return high;
  // Honest keys are uniform: the first look, or one chunk more, is enough. Crafted ones cost a bisection.
  let at = Math.max(0, Math.floor((bound / 2 ** 32) * high) - LOOK_BACK);
  for (let look = 1; low < high; look++) {
    const words = (await bytes.wordsFrom(layout.upperAt + 4 * at)).subarray(0, high - at);
    const within = firstAtLeast(words, bound);
    if (within > 0 && within < words.length) return at + within;
    if (within === 0) high = at;
    else low = at + words.length;
    at = look === 1 && within > 0 ? Math.min(low, high - 1) : Math.floor((low + high) / 2);
  }
  return low;
}

/** Cells before the guess: many standard deviations of where a uniform key stands among some millions. */
const LOOK_BACK = 16_384;

function firstAtLeast(words: Uint32Array, bound: number): number {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((words[middle] as number) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Cells = { readonly lower: WordCursor; readonly row: WordCursor };

/** Words of one array, looked at in increasing order of position. */
class WordCursor {
  readonly #bytes: StoredBytes;
  readonly #arrayAt: number;
  #words = new Uint32Array();
  #first = 0;

  constructor(bytes: StoredBytes, arrayAt: number) {
    this.#bytes = bytes;
    this.#arrayAt = arrayAt;
  }

  has(position: number): boolean {
    return position >= this.#first && position - this.#first < this.#words.length;
  }

  async seek(position: number): Promise<void> {
    this.#words = (await this.#bytes.wordsFrom(this.#arrayAt + 4 * position)) as Uint32Array<ArrayBuffer>;
    this.#first = position;
  }

  at(position: number): number {
    return this.#words[position - this.#first] as number;
  }
}

/** Runs found since the last call: `count` of them, {@link RUN_NUMBERS} each; the array is used again by the next call. */
type Merged = { readonly runs: Float64Array; readonly count: number; readonly isDone: boolean };

/** @returns Goes on merging until enough runs of equal upper halves wait, or the ranges end. */
function upperMerge(a: StoredColumn, rangeA: Range, b: StoredColumn, rangeB: Range): () => Promise<Merged> {
  const runs = new Float64Array(WAITING_RUNS * RUN_NUMBERS);
  let [i, j] = [rangeA.start, rangeB.start];
  const piece = async ({ bytes, layout }: StoredColumn, position: number, end: number): Promise<Uint32Array> =>
    (await bytes.wordsFrom(layout.upperAt + 4 * position)).subarray(0, end - position);
  /** @returns Position behind the run of `key` that holds `position`. */
  const runEnd = async (column: StoredColumn, position: number, end: number, key: number): Promise<number> => {
    let at = position;
    while (at < end) {
      const words = await piece(column, at, end);
      let length = 0;
      while (length < words.length && words[length] === key) length++;
      at += length;
      if (length < words.length) break;
    }
    return at;
  };
  return async () => {
    let count = 0;
    while (i < rangeA.end && j < rangeB.end && count < WAITING_RUNS) {
      const wordsA = await piece(a, i, rangeA.end);
      const wordsB = await piece(b, j, rangeB.end);
      const merged = mergePieces(wordsA, wordsB, runs, count, i, j);
      count = merged.count;
      i += merged.usedA;
      j += merged.usedB;
      if (merged.open === undefined) continue;
      const [startA, startB] = [i, j];
      i = await runEnd(a, i, rangeA.end, merged.open);
      j = await runEnd(b, j, rangeB.end, merged.open);
      runs.set([startA, i, startB, j, merged.open], count++ * RUN_NUMBERS);
    }
    return { runs, count, isDone: i >= rangeA.end || j >= rangeB.end };
  };
}

/** What was merged of two pieces; `open` is the key of a run that may go on behind one of them. */
type MergedPieces = {
  readonly usedA: number;
  readonly usedB: number;
  readonly count: number;
  readonly open: number | undefined;
};

function mergePieces(
  a: Uint32Array,
  b: Uint32Array,
  runs: Float64Array,
  known: number,
  firstA: number,
  firstB: number,
): MergedPieces {
  const [endA, endB] = [a.length, b.length];
  let count = known;
  let i = 0;
  let j = 0;
  while (i < endA && j < endB) {
    const keyA = a[i] as number;
    const keyB = b[j] as number;
    if (keyA === keyB) {
      let nextA = i + 1;
      let nextB = j + 1;
      while (nextA < endA && a[nextA] === keyA) nextA++;
      while (nextB < endB && b[nextB] === keyA) nextB++;
      if (nextA === endA || nextB === endB) return { usedA: i, usedB: j, count, open: keyA };
      const at = count++ * RUN_NUMBERS;
      runs[at] = firstA + i;
      runs[at + 1] = firstA + nextA;
      runs[at + 2] = firstB + j;
      runs[at + 3] = firstB + nextB;
      runs[at + 4] = keyA;
      i = nextA;
      j = nextB;
      if (count === WAITING_RUNS) break;
      continue;
    }
    // Without a branch: which column advances is a coin toss that no predictor learns.
    i += Number(keyA < keyB);
    j += Number(keyB < keyA);
  }
  return { usedA: i, usedB: j, count, open: undefined };
}
