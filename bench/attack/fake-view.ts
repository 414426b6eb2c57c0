/**
 * The simulator: writes what the secretariat gets of a pairing from what it may learn of it, and from nothing else. If nobody can
 * tell its views from real ones, the real ones tell no more than it was given.
 * Lindell (2017), "How to Simulate It", in: Tutorials on the Foundations of Cryptography.
 */
import { randomBytes, randomFillSync, randomInt } from "node:crypto";
import type { KeyColumn } from "#engine/batch/column.ts";
import type { BatchHeader } from "#engine/batch/header.ts";
import { HANDLE_BYTES } from "#engine/batch/layout.ts";
import { viewBatch, type Batch } from "#engine/batch/read.ts";
import { writeBatch } from "#engine/batch/write.ts";
import { sortedKeys } from "#engine/encode/sort.ts";
import { joinColumns } from "#engine/match/join.ts";
import type { Profile } from "#engine/profile.ts";

/** A batch as it lies at the secretariat. */
export type BatchView = { readonly bytes: Uint8Array; readonly batch: Batch };

/** Both batches of a pairing, and the rows that they join: a, b, a, b, … for each rule. */
export type ServerView = { readonly a: BatchView; readonly b: BatchView; readonly joined: readonly Uint32Array[] };

/** Names that all parties know. */
type PublicNames = Pick<BatchHeader, "round" | "t1" | "from" | "to" | "profile">;

/** What the secretariat may learn of a pairing. Rows are numbered, and their numbers say nothing. */
export type Leakage = {
  readonly sides: readonly [LeakedSide, LeakedSide];
  /** For each rule, one entry for each key that two rows share: a, b, a, b, … */
  readonly joined: readonly Uint32Array[];
};
type LeakedSide = { readonly names: PublicNames; readonly classes: Uint8Array };

/** @param pieces - A batch's bytes in order. */
export function batchView(profile: Profile, pieces: Iterable<Uint8Array>): BatchView {
  const bytes = new Uint8Array(Buffer.concat([...pieces]));
  return { bytes, batch: viewBatch(bytes, profile) };
}

/** What the secretariat computes of two batches. */
export function joinedView(a: BatchView, b: BatchView): ServerView {
  const joined = a.batch.columns.map((column, rule) => joinColumns(column, b.batch.columns[rule] as KeyColumn));
  return { a, b, joined };
}

export function leakageOf({ a, b, joined }: ServerView): Leakage {
  return { sides: [leakedSide(a), leakedSide(b)], joined };
}

function leakedSide({ batch: { header, classes } }: BatchView): LeakedSide {
  const { round, t1, from, to, profile } = header;
  return { names: { round, t1, from, to, profile }, classes };
}

/** Random handles, keys and row order; equal keys where rows are joined. */
export function fakeView(profile: Profile, { sides, joined }: Leakage): ServerView {
  const [placeA, placeB] = [randomOrder(sides[0].classes.length), randomOrder(sides[1].classes.length)];
  const keyId = text(randomBytes(16));
  const planted = joined.map((pairs) => randomWords(pairs.length));
  const write = (side: 0 | 1, place: Uint32Array): BatchView => {
    const { names, classes } = sides[side];
    const rowCount = classes.length;
    const header: BatchHeader = {
      format: "aquila/batch/v1",
      ...names,
      keyId,
      provenanceRoot: text(randomBytes(32)),
      rowCount,
    };
    const placed = new Uint8Array(rowCount);
    classes.forEach((coverage, row) => (placed[place[row] as number] = coverage));
    const columns = profile.rules.map(({ slots }, rule) => {
      const rows = (joined[rule] as Uint32Array).filter((_, at) => at % 2 === side);
      return fakeColumn(
        rows.map((row) => place[row] as number),
        planted[rule] as Uint32Array,
        rowCount,
        slots,
      );
    });
    const handles = new Uint8Array(randomBytes(HANDLE_BYTES * rowCount));
    return batchView(profile, writeBatch(profile, header, { handles, classes: placed }, columns));
  };
  return joinedView(write(0, placeA), write(1, placeB));
}

/** @param planted - Upper and lower half of the key of each of `rows`. */
function fakeColumn(rows: Uint32Array, planted: Uint32Array, rowCount: number, slots: number): KeyColumn {
  const cells = rowCount * slots;
  const [upper, lower, payload] = [randomWords(cells), randomWords(cells), new Uint32Array(cells)];
  const free = new Uint8Array(rowCount).fill(slots);
  let cell = 0;
  for (const row of rows) {
    upper[cell] = planted[2 * cell] as number;
    lower[cell] = planted[2 * cell + 1] as number;
    payload[cell++] = row;
    free[row] = (free[row] as number) - 1;
  }
  for (let row = 0; row < rowCount; row++) for (let left = free[row] as number; left > 0; left--) payload[cell++] = row;
  const sorted = sortedKeys({ upper, lower, payload });
  return { upper: sorted.upper, lower: sorted.lower, row: sorted.payload };
}

function randomWords(count: number): Uint32Array {
  return randomFillSync(new Uint32Array(count));
}

function randomOrder(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at--) {
    const other = randomInt(at + 1);
    [order[at], order[other]] = [order[other] as number, order[at] as number];
  }
  return order;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
