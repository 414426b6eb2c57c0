/**
 * One pairing's batch from an encoded list.
 * In: an encoded list, the pairing's key and threshold, a source of randomness. Out: the batch's bytes and which row went where.
 */
import { createCipheriv, hkdfSync } from "node:crypto";
import type { KeyColumn } from "../batch/column.ts";
import type { BatchHeader } from "../batch/header.ts";
import { HANDLE_BYTES } from "../batch/layout.ts";
import { writeBatch } from "../batch/write.ts";
import { LinkageError } from "../errors.ts";
import { informationThreshold } from "../match/weight.ts";
import { merkleRoot } from "../merkle.ts";
import { profileDigest } from "../profile.ts";
import { carriersOf } from "./between.ts";
import type { CellStore } from "./cell-store.ts";
import { keyColumnMaker, tellingCells, turnDigests, type RandomFill } from "./key-column.ts";
import type { EncodedList } from "./list.ts";

/** Salt and provenance of one row, bytes each. */
const LEAF_PART_BYTES = 32;

/** Rows whose salts are drawn at once. */
const SALTED_ROWS = 4096;

export type Pairing = {
  readonly round: string;
  readonly t1: string;
  readonly from: string;
  readonly to: string;
  readonly keyId: string;
  /** K_tag, 32 bytes. */
  readonly keyTag: Uint8Array;
  /** Size class of the own batch. */
  readonly rowCount: number;
  /** Size class of the counterpart's batch. */
  readonly counterpartRowCount: number;
  /** 32 secret bytes that salt the provenance commitments; the party keeps them. */
  readonly provenanceSeed: Uint8Array;
};

/** What batches are made of: an encoded list without the references of its rows. */
export type BatchSource = Pick<EncodedList, "profile" | "coverage" | "classes" | "provenance"> & {
  readonly rows: { readonly length: number };
  readonly cells: Pick<CellStore, "read">;
};

export type EncodedBatch = {
  readonly header: BatchHeader;
  /** The batch's bytes in order; consumed once. */
  readonly pieces: Generator<Uint8Array>;
  /** 16 bytes for each row of the batch. */
  readonly handles: Uint8Array;
  /** Row of the list → row of the batch. */
  readonly place: Uint32Array;
};

/** @throws {@link LinkageError} `batch-too-large` when the list has more rows than declared. */
export function encodeBatch(list: BatchSource, pairing: Pairing, random: RandomFill): EncodedBatch {
  const { profile } = list;
  const { rowCount } = pairing;
  requireRoom(list, rowCount);
  const place = shuffled(rowCount, random);
  const handles = new Uint8Array(rowCount * HANDLE_BYTES);
  random(handles);
  const classes = new Uint8Array(rowCount);
  fillerClasses(list, rowCount, random).forEach((coverage, row) => {
    classes[place[row] as number] = coverage;
  });
  const header: BatchHeader = {
    format: "aquila/batch/v1",
    round: pairing.round,
    t1: pairing.t1,
    from: pairing.from,
    to: pairing.to,
    keyId: pairing.keyId,
    profile: profileDigest(profile),
    provenanceRoot: provenanceRoot(list, place, pairing),
    rowCount,
  };
  const columns = keyColumns(list, pairing, place, random);
  return {
    header,
    pieces: writeBatch(profile, header, { handles, classes }, columns),
    handles,
    place: place.subarray(0, list.rows.length),
  };
}

/** @throws {@link LinkageError} `batch-too-large` when the list has more rows than declared. */
export function requireRoom({ rows }: Pick<BatchSource, "rows">, rowCount: number): void {
  if (rows.length > rowCount)
    throw new LinkageError("batch-too-large", `the list has ${rows.length} rows; ${rowCount} were declared`);
}

function* keyColumns(
  list: BatchSource,
  pairing: Pairing,
  place: Uint32Array,
  random: RandomFill,
): Generator<KeyColumn> {
  const largerRowCount = Math.max(pairing.rowCount, pairing.counterpartRowCount);
  const thresholdBits = informationThreshold(list.profile, largerRowCount);
  const side = pairing.from < pairing.to ? "lower" : "higher";
  const makeColumn = keyColumnMaker(list.profile, pairing, place, random);
  for (const [index, rule] of list.profile.rules.entries()) {
    const { carries, turns } = carriersOf(rule);
    const mayTravel = (row: number): boolean => carries(list.coverage[row] as number);
    const telling = tellingCells(list.cells.read(index), thresholdBits, mayTravel);
    turnDigests(telling, (row) => turns(list.coverage[row] as number, side));
    yield makeColumn(telling, rule.slots);
  }
}

/** Classes of real rows, then of the rows that fill up: drawn from the real ones, so that padding looks like the list. */
function fillerClasses(list: BatchSource, rowCount: number, random: RandomFill): Uint8Array {
  const classes = new Uint8Array(rowCount);
  classes.set(list.classes);
  const real = list.rows.length;
  const draws = new Uint32Array(rowCount - real);
  random(draws);
  const enough = list.classes.some((coverage) => coverage !== 0);
  draws.forEach((draw, at) => {
    classes[real + at] = enough ? (list.classes[draw % real] as number) : 0;
  });
  return classes;
}

/** Fisher–Yates over unbiased draws. */
function shuffled(count: number, random: RandomFill): Uint32Array {
  const place = new Uint32Array(count);
  for (let row = 0; row < count; row++) place[row] = row;
  const draw = unbiased(random);
  for (let at = count - 1; at > 0; at--) {
    const other = draw(at + 1);
    const held = place[at] as number;
    place[at] = place[other] as number;
    place[other] = held;
  }
  return place;
}

/** @returns A function that draws an integer below `bound`, by rejection. */
function unbiased(random: RandomFill): (bound: number) => number {
  const pool = new Uint32Array(4096);
  let at = pool.length;
  return (bound) => {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      if (at === pool.length) {
        random(pool);
        at = 0;
      }
      const value = pool[at++] as number;
      if (value < limit) return value % bound;
    }
  };
}

/** Merkle root over the rows in batch order; a leaf is the row's provenance (zeros for a filler row) behind a salt of its own. */
function provenanceRoot(list: BatchSource, place: Uint32Array, { provenanceSeed, to }: Pairing): string {
  const rowCount = place.length;
  const saltKey = Buffer.from(hkdfSync("sha256", provenanceSeed, "", `aquila/v1/provenance\u0000${to}`, 32));
  // AES-256-CTR (NIST SP 800-38A) as a generator: 32 bytes of key stream for each row.
  const generator = createCipheriv("aes-256-ctr", saltKey, Buffer.alloc(16));
  const rowAt = new Uint32Array(rowCount);
  for (let row = 0; row < rowCount; row++) rowAt[place[row] as number] = row;
  const zeros = new Uint8Array(SALTED_ROWS * LEAF_PART_BYTES);
  const leaf = new Uint8Array(2 * LEAF_PART_BYTES);
  function* leaves(): Generator<Uint8Array> {
    for (let from = 0; from < rowCount; from += SALTED_ROWS) {
      const count = Math.min(SALTED_ROWS, rowCount - from);
      const salts = generator.update(zeros.subarray(0, count * LEAF_PART_BYTES));
      for (let at = 0; at < count; at++) {
        const row = rowAt[from + at] as number;
        copyPart(salts, at, leaf, 0);
        if (row < list.rows.length) copyPart(list.provenance, row, leaf, 1);
        else leaf.fill(0, LEAF_PART_BYTES);
        yield leaf;
      }
    }
  }
  return Buffer.from(merkleRoot(leaves())).toString("base64url");
}

function copyPart(from: Uint8Array, part: number, to: Uint8Array, toPart: number): void {
  for (let at = 0; at < LEAF_PART_BYTES; at++)
    to[toPart * LEAF_PART_BYTES + at] = from[part * LEAF_PART_BYTES + at] as number;
}
