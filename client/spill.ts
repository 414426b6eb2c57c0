/**
 * A cell store on disk for lists that do not fit in memory: temporary files that only this process can read.
 * Every piece is encrypted with AES-256-GCM (NIST SP 800-38D) under a key that never leaves memory.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyColumn, type CellColumn, type CellStore } from "#engine/encode/cell-store.ts";
import { DIGEST_BYTES } from "#engine/encode/digests.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NUMBER_BYTES = 4;
/** Cells of a piece, at most: what is sealed or opened at once. */
const PIECE_CELLS = 16_384;

/** One piece of a rule's file. */
type Piece = { readonly at: number; readonly cells: number };
type RuleFile = { readonly descriptor: number; readonly pieces: Piece[]; end: number };

/** Where a store's cells lie, for other threads of this process: descriptors are good in all of them. */
export type SealedCells = {
  readonly key: Uint8Array;
  readonly files: ReadonlyMap<number, Pick<RuleFile, "descriptor" | "pieces">>;
};

export type SpillStore = CellStore & {
  /** Good until the store is changed or closed. */
  readonly sealed: () => SealedCells;
  /** Deletes the files; the store is of no use afterwards. */
  readonly close: () => void;
};

/** @param folder - Where the files go; the system's temporary folder when left out. */
export function spillStore(folder: string = tmpdir()): SpillStore {
  const directory = mkdtempSync(join(folder, "aquila-cells-"));
  const key = randomBytes(32);
  const files = new Map<number, RuleFile>();

  const open = (rule: number): RuleFile => {
    const found = files.get(rule);
    if (found !== undefined) return found;
    const opened = { descriptor: openSync(join(directory, `${rule}.cells`), "wx+", 0o600), pieces: [], end: 0 };
    files.set(rule, opened);
    return opened;
  };
  const append = (rule: number, column: CellColumn): void => {
    const file = open(rule);
    for (let from = 0; from < column.owner.length; from += PIECE_CELLS) {
      const cells = Math.min(PIECE_CELLS, column.owner.length - from);
      const sealed = seal(key, column, from, from + cells);
      if (writeSync(file.descriptor, sealed, 0, sealed.length, file.end) !== sealed.length)
        throw new Error("a temporary file could not be written whole");
      file.pieces.push({ at: file.end, cells });
      file.end += sealed.length;
    }
  };
  return {
    append,
    read: (rule) => readSealed({ key, files }, rule),
    sealed: () => ({ key, files }),
    replace: (rule, column) => {
      const file = open(rule);
      file.pieces.length = 0;
      file.end = 0;
      append(rule, column);
    },
    close: () => {
      for (const { descriptor } of files.values()) closeSync(descriptor);
      key.fill(0);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function isSpillStore(store: CellStore): store is SpillStore {
  return "sealed" in store;
}

/** @returns All cells of a rule, as {@link CellStore} reads them. */
export function readSealed({ key, files }: SealedCells, rule: number): CellColumn {
  const { descriptor = -1, pieces = [] } = files.get(rule) ?? {};
  const column = emptyColumn(pieces.reduce((sum, { cells }) => sum + cells, 0));
  let from = 0;
  for (const piece of pieces) {
    readPiece(key, descriptor, piece, column, from);
    from += piece.cells;
  }
  return column;
}

function seal(key: Uint8Array, { digests, owner, bits }: CellColumn, from: number, to: number): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const parts = [
    digests.subarray(from * DIGEST_BYTES, to * DIGEST_BYTES),
    bytesOf(owner.subarray(from, to)),
    bytesOf(bits.subarray(from, to)),
  ].map((part) => cipher.update(part));
  cipher.final();
  return Buffer.concat([nonce, ...parts, cipher.getAuthTag()]);
}

/** Puts the piece's cells into the column, from the cell `from` on. */
function readPiece(key: Uint8Array, descriptor: number, { at, cells }: Piece, column: CellColumn, from: number): void {
  const length = cells * (DIGEST_BYTES + 2 * NUMBER_BYTES);
  const sealed = Buffer.allocUnsafe(NONCE_BYTES + length + TAG_BYTES);
  if (readSync(descriptor, sealed, 0, sealed.length, at) !== sealed.length)
    throw new Error("a temporary file was cut short");
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(sealed.subarray(NONCE_BYTES + length));
  const plain = decipher.update(sealed.subarray(NONCE_BYTES, NONCE_BYTES + length));
  decipher.final();
  const ownerAt = cells * DIGEST_BYTES;
  const bitsAt = ownerAt + cells * NUMBER_BYTES;
  column.digests.set(plain.subarray(0, ownerAt), from * DIGEST_BYTES);
  bytesOf(column.owner).set(plain.subarray(ownerAt, bitsAt), from * NUMBER_BYTES);
  bytesOf(column.bits).set(plain.subarray(bitsAt), from * NUMBER_BYTES);
}

function bytesOf(numbers: Uint32Array | Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
