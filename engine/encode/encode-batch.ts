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
import { profileDigest, type Rule } from "../profile.ts";
import { carriersOf } from "./between.ts";
import { DIGEST_BYTES } from "./digests.ts";
import { pickCells, type CellColumn } from "./cell-store.ts";
import type { EncodedList } from "./list.ts";
import { sortedOrder } from "./sort.ts";

/** Salt and provenance of one row, bytes each. */
const LEAF_PART_BYTES = 32;

/** Fills the array with cryptographically random bytes. */
export type RandomFill = (bytes: Uint8Array | Uint32Array) => void;

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
export function encodeBatch(list: EncodedList, pairing: Pairing, random: RandomFill): EncodedBatch {
  const { profile } = list;
  const { rowCount } = pairing;
  if (list.rows.length > rowCount)
    throw new LinkageError("batch-too-large", `the list has ${list.rows.length} rows; ${rowCount} were declared`);
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

function* keyColumns(
  list: EncodedList,
  pairing: Pairing,
  place: Uint32Array,
  random: RandomFill,
): Generator<KeyColumn> {
  const largerRowCount = Math.max(pairing.rowCount, pairing.counterpartRowCount);
  const thresholdBits = informationThreshold(list.profile, largerRowCount);
  const side = pairing.from < pairing.to ? "lower" : "higher";
  for (const [index, rule] of list.profile.rules.entries()) {
    const { carries, turns } = carriersOf(rule);
    const mayTravel = (row: number): boolean => carries(list.coverage[row] as number);
    const telling = tellingCells(list.cells.read(index), thresholdBits, mayTravel);
    turnDigests(telling, (row) => turns(list.coverage[row] as number, side));
    yield keyColumn(telling, rule, pairing, place, random);
  }
}

/** Design §2, rule 3: only facts that are rare enough travel. */
function tellingCells(column: CellColumn, thresholdBits: number, mayTravel: (row: number) => boolean): CellColumn {
  const positions = new Uint32Array(column.bits.length);
  let count = 0;
  column.bits.forEach((bits, position) => {
    if (bits >= thresholdBits && mayTravel(column.owner[position] as number)) positions[count++] = position;
  });
  return pickCells(column, positions.subarray(0, count), (position) => column.owner[position] as number);
}

/** Flips the last bit of d of the rows that `turns` names, in place; docs/spec/encoding.md. */
function turnDigests({ digests, owner }: CellColumn, turns: (row: number) => boolean): void {
  owner.forEach((row, at) => {
    const last = (at + 1) * DIGEST_BYTES - 1;
    if (turns(row)) digests[last] = (digests[last] as number) ^ 1;
  });
}

function keyColumn(
  telling: CellColumn,
  rule: Rule,
  { keyTag, rowCount }: Pairing,
  place: Uint32Array,
  random: RandomFill,
): KeyColumn {
  const cellCount = rowCount * rule.slots;
  const real = telling.owner.length;
  const upper = new Uint32Array(cellCount);
  const lower = new Uint32Array(cellCount);
  const row = new Uint32Array(cellCount);
  random(upper.subarray(real));
  random(lower.subarray(real));

  // A block cipher as PRF on distinct blocks: the key is the first 8 bytes of AES-256 (FIPS 197), big-endian.
  const blocks = createCipheriv("aes-256-ecb", keyTag, null).setAutoPadding(false).update(telling.digests);
  const free = new Uint8Array(rowCount).fill(rule.slots);
  for (let at = 0; at < real; at++) {
    upper[at] = blocks.readUInt32BE(at * DIGEST_BYTES);
    lower[at] = blocks.readUInt32BE(at * DIGEST_BYTES + 4);
    const holder = place[telling.owner[at] as number] as number;
    row[at] = holder;
    free[holder] = (free[holder] as number) - 1;
  }
  let at = real;
  for (let holder = 0; holder < rowCount; holder++) {
    for (let left = free[holder] as number; left > 0; left--) row[at++] = holder;
  }
  return sortedColumn({ upper, lower, row }, real, random);
}

function sortedColumn(cells: KeyColumn, real: number, random: RandomFill): KeyColumn {
  const order = sortedOrder(cells.upper, cells.lower);
  for (let at = 1; at < order.length; at++) {
    const before = order[at - 1] as number;
    const here = order[at] as number;
    if (cells.upper[before] !== cells.upper[here] || cells.lower[before] !== cells.lower[here]) continue;
    // Chance of 2⁻⁶⁴ a pair of cells. A filler is drawn again; two telling keys that meet are carried by neither row.
    const later = Math.max(before, here);
    const redrawn = later < real ? [before, here] : [later];
    for (const cell of redrawn) {
      random(cells.upper.subarray(cell, cell + 1));
      random(cells.lower.subarray(cell, cell + 1));
    }
    return sortedColumn(cells, real, random);
  }
  const inOrder = (values: Uint32Array): Uint32Array => order.map((position) => values[position] as number);
  return { upper: inOrder(cells.upper), lower: inOrder(cells.lower), row: inOrder(cells.row) };
}

/** Classes of real rows, then of the rows that fill up: drawn from the real ones, so that padding looks like the list. */
function fillerClasses(list: EncodedList, rowCount: number, random: RandomFill): Uint8Array {
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
  const place = Uint32Array.from({ length: count }, (_, row) => row);
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
function provenanceRoot(list: EncodedList, place: Uint32Array, { provenanceSeed, to }: Pairing): string {
  const rowCount = place.length;
  const saltKey = Buffer.from(hkdfSync("sha256", provenanceSeed, "", `aquila/v1/provenance\u0000${to}`, 32));
  // AES-256-CTR (NIST SP 800-38A) as a generator: 32 bytes of key stream for each row.
  const salts = createCipheriv("aes-256-ctr", saltKey, Buffer.alloc(16)).update(
    Buffer.alloc(rowCount * LEAF_PART_BYTES),
  );
  const leaves = new Uint8Array(rowCount * 2 * LEAF_PART_BYTES);
  for (let at = 0; at < rowCount; at++)
    leaves.set(salts.subarray(at * LEAF_PART_BYTES, (at + 1) * LEAF_PART_BYTES), at * 2 * LEAF_PART_BYTES);
  for (let row = 0; row < list.rows.length; row++) {
    const at = place[row] as number;
    const provenance = list.provenance.subarray(row * LEAF_PART_BYTES, (row + 1) * LEAF_PART_BYTES);
    leaves.set(provenance, (2 * at + 1) * LEAF_PART_BYTES);
  }
  function* split(): Generator<Uint8Array> {
    for (let at = 0; at < leaves.length; at += 2 * LEAF_PART_BYTES) yield leaves.subarray(at, at + 2 * LEAF_PART_BYTES);
  }
  return Buffer.from(merkleRoot(split())).toString("base64url");
}
