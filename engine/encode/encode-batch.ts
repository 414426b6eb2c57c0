/**
 * One pairing's batch from an encoded list.
 * In: an encoded list, the pairing's key and threshold, decoys, a source of randomness. Out: the batch's bytes, which row went
 * where, and the party's own cells.
 */
import { createCipheriv, hkdfSync } from "node:crypto";
import type { KeyColumn } from "../batch/column.ts";
import type { BatchHeader } from "../batch/header.ts";
import { HANDLE_BYTES } from "../batch/layout.ts";
import { handleOf } from "../batch/read.ts";
import { writeBatch } from "../batch/write.ts";
import { LinkageError } from "../errors.ts";
import { informationThreshold } from "../match/weight.ts";
import { merkleRoot } from "../merkle.ts";
import { profileDigest, type Profile } from "../profile.ts";
import { uniformBelow, type RandomFill } from "../uniform.ts";
import type { Decoy } from "../round/decoys.ts";
import { carriersOf, type Side } from "./between.ts";
import type { CellStore } from "./cell-store.ts";
import { keyColumnMaker, tellingCells, turnDigests } from "./key-column.ts";
import type { EncodedList } from "./list.ts";
import { ownCellBytes } from "./own-cells.ts";

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
  /** Bits beyond log2 of the larger batch that a key must carry to travel; the profile's when left out. */
  readonly informationMarginBits?: number;
  /** 32 secret bytes that salt the provenance commitments; the party keeps them. */
  readonly provenanceSeed: Uint8Array;
};

/** What a batch of a round has besides the list; without it, a batch serves no round. */
export type RoundPart = {
  readonly decoys: readonly Decoy[];
  /** Gets the own cells piece by piece while the batch's bytes are consumed; a piece is the taker's. */
  readonly keepOwnCells: (piece: Uint8Array) => void;
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
  /** Handle of each decoy, base64url. */
  readonly decoyHandles: readonly string[];
};

/** @throws {@link LinkageError} `batch-too-large` when the list and the decoys have more rows than declared. */
export function encodeBatch(
  list: BatchSource,
  pairing: Pairing,
  random: RandomFill,
  { decoys, keepOwnCells }: RoundPart = { decoys: [], keepOwnCells: () => undefined },
): EncodedBatch {
  const { profile } = list;
  const { rowCount } = pairing;
  const listRows = list.rows.length;
  requireRoom(list, decoys.length, rowCount);
  const side = pairing.from < pairing.to ? "lower" : "higher";
  const place = shuffled(rowCount, random);
  const handles = new Uint8Array(rowCount * HANDLE_BYTES);
  random(handles);
  const classes = new Uint8Array(rowCount);
  classesInBatch(list, decoyClasses(list, decoys, side), rowCount, random).forEach((coverage, row) => {
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
  const columns = keyColumns(list, pairing, side, place, random, { decoys, keepOwnCells });
  return {
    header,
    pieces: writeBatch(profile, header, { handles, classes }, columns),
    handles,
    place: place.subarray(0, listRows),
    decoyHandles: decoys.map((_, decoy) => handleOf({ handles, rowCount }, place[listRows + decoy] as number)),
  };
}

/** @throws {@link LinkageError} `batch-too-large` when list and decoys have more rows than declared. */
export function requireRoom({ rows }: Pick<BatchSource, "rows">, decoyCount: number, rowCount: number): void {
  if (rows.length + decoyCount > rowCount)
    throw new LinkageError(
      "batch-too-large",
      `the list has ${rows.length} rows, and there are ${decoyCount} decoys; ${rowCount} were declared`,
    );
}

function* keyColumns(
  list: BatchSource,
  pairing: Pairing,
  side: Side,
  place: Uint32Array,
  random: RandomFill,
  { decoys, keepOwnCells }: RoundPart,
): Generator<KeyColumn> {
  const largerRowCount = Math.max(pairing.rowCount, pairing.counterpartRowCount);
  const thresholdBits = informationThreshold(
    { informationMarginBits: pairing.informationMarginBits ?? list.profile.informationMarginBits },
    largerRowCount,
  );
  const makeColumn = keyColumnMaker(list.profile, pairing, place, random);
  const listRows = list.rows.length;
  for (const [index, rule] of list.profile.rules.entries()) {
    const { carries, turns } = carriersOf(rule);
    const mayTravel = (row: number): boolean => carries(list.coverage[row] as number);
    const decoyCells = decoys.flatMap(({ cells }, decoy) =>
      cells.filter((cell) => cell.rule === index).map(({ digest }) => ({ row: listRows + decoy, digest })),
    );
    const telling = tellingCells(list.cells.read(index), thresholdBits, mayTravel, decoyCells);
    // Decoys are no facts of dated or undated rows: theirs meet as they are.
    turnDigests(telling, (row) => row < listRows && turns(list.coverage[row] as number, side));
    const { column, upper } = makeColumn(telling, rule.slots);
    keepOwnCells(ownCellBytes(index, telling, upper, telling.rows.length - decoyCells.length, place));
    yield column;
  }
}

/** @returns Class of each decoy: its pattern's, or the nearest one that real rows have, so that it neither stands alone nor makes a class thin. */
function decoyClasses({ profile, classes }: BatchSource, decoys: readonly Decoy[], side: Side): number[] {
  const counts = profile.coverageClasses.map((_, index) => classes.reduce((sum, at) => sum + Number(at === index), 0));
  return decoys.map((decoy) => {
    let index: number | null = decoy.classes[side === "lower" ? 0 : 1];
    while (index !== null && counts[index] === 0) index = mergesInto(profile, index);
    return index ?? counts.indexOf(Math.max(...counts));
  });
}

function mergesInto({ coverageClasses }: Profile, index: number): number | null {
  return coverageClasses[index]?.mergesInto ?? null;
}

/** Classes of real rows, of decoys, then of the rows that fill up: drawn from the real ones, so that padding looks like the list. */
function classesInBatch(
  list: BatchSource,
  decoyed: readonly number[],
  rowCount: number,
  random: RandomFill,
): Uint8Array {
  const classes = new Uint8Array(rowCount);
  const real = list.rows.length;
  classes.set(list.classes);
  classes.set(decoyed, real);
  const draws = new Uint32Array(rowCount - real - decoyed.length);
  random(draws);
  const enough = list.classes.some((coverage) => coverage !== 0);
  draws.forEach((draw, at) => {
    classes[real + decoyed.length + at] = enough ? (list.classes[draw % real] as number) : 0;
  });
  return classes;
}

/** Fisher–Yates over unbiased draws. */
function shuffled(count: number, random: RandomFill): Uint32Array {
  const place = new Uint32Array(count);
  for (let row = 0; row < count; row++) place[row] = row;
  const draw = uniformBelow(random);
  for (let at = count - 1; at > 0; at--) {
    const other = draw(at + 1);
    const held = place[at] as number;
    place[at] = place[other] as number;
    place[other] = held;
  }
  return place;
}

/** Merkle root over the rows in batch order; a leaf is the row's provenance (zeros for a decoy or filler row) behind a salt of its own. */
export function provenanceRoot(
  list: Pick<BatchSource, "rows" | "provenance">,
  place: Uint32Array,
  { provenanceSeed, to }: Pick<Pairing, "provenanceSeed" | "to">,
): string {
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
