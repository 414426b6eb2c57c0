/**
 * An encoded list as all threads of this process can read it: memory that they share, or the cell store's sealed files.
 */
import type { CellColumn } from "#engine/encode/cell-store.ts";
import type { BatchSource } from "#engine/encode/encode-batch.ts";
import type { EncodedList } from "#engine/encode/list.ts";
import type { Profile } from "#engine/profile.ts";
import { isSpillStore, readSealed, type SealedCells } from "../spill.ts";

/** Can be posted to a thread; without the references, which no batch holds. */
export type SharedList = {
  readonly profile: Profile;
  readonly rowCount: number;
  readonly coverage: Uint8Array;
  readonly classes: Uint8Array;
  readonly provenance: Uint8Array;
  /** Columns in shared memory, one for each rule, or where they lie. */
  readonly cells: readonly CellColumn[] | SealedCells;
};

/** @returns Good for as long as the list's store. */
export function shareList({ profile, rows, coverage, classes, provenance, cells }: EncodedList): SharedList {
  return {
    profile,
    rowCount: rows.length,
    coverage: sharedBytes(coverage),
    classes: sharedBytes(classes),
    provenance: sharedBytes(provenance),
    cells: isSpillStore(cells) ? cells.sealed() : profile.rules.map((_, rule) => sharedColumn(cells.read(rule))),
  };
}

/** The way back from {@link shareList}, as far as batches need it. */
export function openSharedList({ rowCount, cells, ...list }: SharedList): BatchSource {
  const read = "key" in cells ? (rule: number) => readSealed(cells, rule) : (rule: number) => columnAt(cells, rule);
  return { ...list, rows: { length: rowCount }, cells: { read } };
}

function columnAt(columns: readonly CellColumn[], rule: number): CellColumn {
  const column = columns[rule];
  if (column === undefined) throw new RangeError(`no column for rule ${rule}`);
  return column;
}

function sharedColumn({ digests, owner, bits }: CellColumn): CellColumn {
  const shared = {
    digests: sharedBytes(digests),
    owner: new Uint32Array(new SharedArrayBuffer(owner.byteLength)),
    bits: new Float32Array(new SharedArrayBuffer(bits.byteLength)),
  };
  shared.owner.set(owner);
  shared.bits.set(bits);
  return shared;
}

function sharedBytes(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
