/**
 * A party's list, encoded once: rows after merging the list's own duplicates, with the cells that are unique in it.
 * In: canonical records. Out: rows, their coverage classes and, rule by rule in a cell store, the digests that may travel.
 */
import type { Profile } from "../profile.ts";
import { pickCells, type CellColumn, type CellStore } from "./cell-store.ts";
import type { CellMaker } from "./cells.ts";
import { carriersOf } from "./between.ts";
import { classOf, settleClasses } from "./coverage.ts";
import { PROVENANCE_BYTES, recordEncoder, type EncodedRecords } from "./encoded-records.ts";
import { HandlingTexts } from "./handling-facts.ts";
import { ownDuplicates } from "./own-duplicates.ts";
import { PackedTexts } from "./packed-texts.ts";
import type { PersonRecord } from "./person.ts";
import { digestAt, mergedCoverage, mergedProvenance, Rows } from "./rows.ts";
import { keepUnique } from "./uniqueness.ts";

export type EncodedList = {
  readonly profile: Profile;
  readonly rows: Rows;
  /** Bits of the coverage facts that each row has. */
  readonly coverage: Uint8Array;
  /** Coverage class of each row, thin classes merged. */
  readonly classes: Uint8Array;
  /** SHA-256 of each row's provenance, 32 bytes each, that of a merged row over its records' digests; salted when a batch is made. */
  readonly provenance: Uint8Array;
  /** Cells unique in the list; owners are rows. */
  readonly cells: CellStore;
  /** Bits of each row's most telling cell, 0 if it has none. */
  readonly bestBits: Float32Array;
  /** The same among cells that are unique in the list. */
  readonly bestUniqueBits: Float32Array;
  readonly report: ListReport;
};

/** What encoding a list cost; counts only. */
export type ListReport = {
  readonly records: number;
  readonly rows: number;
  /** Records that went into another record's row. */
  readonly merged: number;
  /** Cells beyond a rule's slots: surplus aliases and dates. */
  readonly surplusCells: number;
  /** Records with a name in a script other than Latin, Greek or Cyrillic. */
  readonly otherScripts: number;
  readonly rules: readonly RuleReport[];
  /** Pairs of rows that silence each other's keys, most rules first. */
  readonly silencing: readonly SilencingPair[];
};

export type RuleReport = { readonly rule: string; readonly cells: number; readonly unique: number };
export type SilencingPair = { readonly refA: string; readonly refB: string; readonly ruleCount: number };

/** Records that are encoded at once. */
export const BUFFERED_RECORDS = 4096;

/** Takes records one by one, or encoded elsewhere, in their order; then gives the encoded list. */
export type ListEncoder = {
  readonly add: (record: PersonRecord) => void;
  /** @param keeps - Whether the record at a position is taken; all are when left out. */
  readonly append: (encoded: EncodedRecords, keeps?: (position: number) => boolean) => void;
  readonly finish: () => EncodedList;
};

/** @param store - Empty; filled rule by rule. */
export function listEncoder(profile: Profile, makeCells: CellMaker, store: CellStore): ListEncoder {
  const encodeRecords = recordEncoder(profile, makeCells);
  const refs = new PackedTexts();
  const origins = new PackedTexts();
  const handlingTexts = new HandlingTexts();
  let handling = new Uint32Array(BUFFERED_RECORDS);
  let coverage = new Uint8Array(BUFFERED_RECORDS);
  let provenance = new Uint8Array(BUFFERED_RECORDS * PROVENANCE_BYTES);
  let waiting: PersonRecord[] = [];
  let surplusCells = 0;
  let otherScripts = 0;

  const append = (encoded: EncodedRecords, keeps: (position: number) => boolean = () => true): void => {
    const recordOf = new Int32Array(encoded.refs.length).fill(-1);
    encoded.refs.forEach((ref, position) => {
      if (!keeps(position)) return;
      const record = refs.length;
      if (record === coverage.length) {
        coverage = doubled(coverage);
        handling = doubled(handling);
        provenance = doubled(provenance);
      }
      recordOf[position] = record;
      refs.push(ref);
      origins.push(encoded.origins[position] as string);
      handling[record] = handlingTexts.numberOf(encoded.handling[position] as string);
      coverage[record] = encoded.coverage[position] as number;
      provenance.set(digestAt(encoded.provenance, position), record * PROVENANCE_BYTES);
      surplusCells += encoded.surplus[position] as number;
      otherScripts += encoded.otherScript[position] as number;
    });
    encoded.columns.forEach((column, rule) => {
      const owned = withOwners(column, recordOf);
      if (owned.owner.length > 0) store.append(rule, owned);
    });
  };
  const flush = (): void => {
    if (waiting.length > 0) append(encodeRecords(waiting));
    waiting = [];
  };
  return {
    add: (record) => {
      waiting.push(record);
      if (waiting.length === BUFFERED_RECORDS) flush();
    },
    append: (encoded, keeps) => {
      flush();
      append(encoded, keeps);
    },
    finish: () => {
      flush();
      const recordCoverage = coverage.subarray(0, refs.length);
      const duplicates = ownDuplicates(profile, store, recordCoverage);
      const { rowOf, rowCount } = duplicates;
      const rowCoverage = mergedCoverage(recordCoverage, duplicates);
      const bestBits = new Float32Array(rowCount);
      const bestUniqueBits = new Float32Array(rowCount);
      const rules = profile.rules.map((rule, index): RuleReport => {
        const column = store.read(index);
        const { status } = carriersOf(rule);
        const statusOf = (row: number): number => status(rowCoverage[row] as number);
        const unique = keepUnique(column, rowOf, rule.slots, statusOf);
        raiseBits(bestBits, column, (record) => rowOf[record] as number);
        raiseBits(bestUniqueBits, unique, (row) => row);
        store.replace(index, unique);
        return { rule: rule.id, cells: column.owner.length, unique: unique.owner.length };
      });
      return {
        profile,
        rows: new Rows({ refs, origins, handling, handlingTexts }, duplicates),
        coverage: rowCoverage,
        classes: settleClasses(
          profile,
          rowCoverage.map((bits) => classOf(profile, bits)),
        ),
        provenance: mergedProvenance(provenance, duplicates),
        cells: store,
        bestBits,
        bestUniqueBits,
        report: {
          records: refs.length,
          rows: rowCount,
          merged: refs.length - rowCount,
          surplusCells,
          otherScripts,
          rules,
          silencing: duplicates.silencing.map(({ recordA, recordB, ruleCount }) => ({
            refA: refs.at(recordA),
            refB: refs.at(recordB),
            ruleCount,
          })),
        },
      };
    },
  };
}

/** Raises each row's best bits to those of its cells. */
function raiseBits(best: Float32Array, { owner, bits }: CellColumn, rowOf: (owner: number) => number): void {
  for (let at = 0; at < owner.length; at++) {
    const row = rowOf(owner[at] as number);
    if ((bits[at] as number) > (best[row] as number)) best[row] = bits[at] as number;
  }
}

/** @returns The cells of records that were taken, each owned by its record. */
function withOwners(column: CellColumn, recordOf: Int32Array): CellColumn {
  const { owner } = column;
  const kept = new Uint32Array(owner.length);
  let count = 0;
  for (let at = 0; at < owner.length; at++) if ((recordOf[owner[at] as number] as number) >= 0) kept[count++] = at;
  if (count === owner.length) return { ...column, owner: owner.map((position) => recordOf[position] as number) };
  return pickCells(column, kept.subarray(0, count), (at) => recordOf[owner[at] as number] as number);
}

function doubled<Values extends Uint8Array | Uint32Array>(values: Values): Values {
  const Kind = values.constructor as new (length: number) => Values;
  const larger = new Kind(values.length * 2);
  larger.set(values);
  return larger;
}
