/**
 * A cell store on disk for lists that do not fit in memory: temporary files that only this process can read.
 * Every piece is encrypted with AES-256-GCM (NIST SP 800-38D) under a key that never leaves memory.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { joinedColumns, type CellColumn, type CellStore } from "#engine/encode/cell-store.ts";
import { DIGEST_BYTES } from "#engine/encode/digests.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NUMBER_BYTES = 4;

/** One piece of a rule's file. */
type Piece = { readonly at: number; readonly cells: number };
type RuleFile = { readonly descriptor: number; readonly pieces: Piece[]; end: number };

export type SpillStore = CellStore & {
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
    const sealed = seal(key, column);
    if (writeSync(file.descriptor, sealed, 0, sealed.length, file.end) !== sealed.length)
      throw new Error("a temporary file could not be written whole");
    file.pieces.push({ at: file.end, cells: column.owner.length });
    file.end += sealed.length;
  };
  return {
    append,
    read: (rule) => {
      const file = open(rule);
      return joinedColumns(file.pieces.map((piece) => readPiece(key, file.descriptor, piece)));
    },
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

function seal(key: Uint8Array, { digests, owner, bits }: CellColumn): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const parts = [digests, bytesOf(owner), bytesOf(bits)].map((part) => cipher.update(part));
  cipher.final();
  return Buffer.concat([nonce, ...parts, cipher.getAuthTag()]);
}

function readPiece(key: Uint8Array, descriptor: number, { at, cells }: Piece): CellColumn {
  const length = cells * (DIGEST_BYTES + 2 * NUMBER_BYTES);
  const sealed = Buffer.allocUnsafe(NONCE_BYTES + length + TAG_BYTES);
  if (readSync(descriptor, sealed, 0, sealed.length, at) !== sealed.length)
    throw new Error("a temporary file was cut short");
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(sealed.subarray(NONCE_BYTES + length));
  const plain = new Uint8Array(length);
  plain.set(decipher.update(sealed.subarray(NONCE_BYTES, NONCE_BYTES + length)));
  decipher.final();
  const numbersAt = cells * DIGEST_BYTES;
  return {
    digests: plain.subarray(0, numbersAt),
    owner: new Uint32Array(plain.buffer, numbersAt, cells),
    bits: new Float32Array(plain.buffer, numbersAt + cells * NUMBER_BYTES, cells),
  };
}

function bytesOf(numbers: Uint32Array | Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
