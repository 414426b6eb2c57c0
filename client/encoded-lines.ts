/**
 * A part of a list's file, encoded: what one thread makes of some lines, before it is known which references occur twice.
 */
import type { CellMaker } from "#engine/encode/cells.ts";
import { recordEncoder, type EncodedRecords } from "#engine/encode/encoded-records.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import { readRecord, type UnreadLine } from "#engine/encode/read-list.ts";
import type { ProblemCode } from "#engine/errors.ts";
import type { Profile } from "#engine/profile.ts";

/** A refusal as data, since errors lose their code between threads. */
export type RefusedLine = { readonly line: number; readonly code: ProblemCode; readonly detail: string };

export type EncodedLines = {
  /** Lines that are refused, in their order. */
  readonly refused: readonly RefusedLine[];
  /** Line numbers of the records, in their order; one entry each in `refs` and `admitted` too. */
  readonly lines: Uint32Array;
  readonly refs: readonly string[];
  /** 1 where the round admits the record's category. */
  readonly admitted: Uint8Array;
  /** The records that are admitted. */
  readonly encoded: EncodedRecords;
};

/** Encodes parts of one list; to be dropped with the list, since it knows names. */
export type LineEncoder = (unread: readonly UnreadLine[]) => EncodedLines;

/**
 * @param makeCells - Of `profile`.
 * @param categories - Data-subject categories admitted, a record without one counting as `other`; undefined admits all.
 */
export function lineEncoder(
  profile: Profile,
  makeCells: CellMaker,
  categories: ReadonlySet<string> | undefined,
): LineEncoder {
  const encodeRecords = recordEncoder(profile, makeCells);
  return (unread) => {
    const refused: RefusedLine[] = [];
    const lines: number[] = [];
    const records: PersonRecord[] = [];
    for (const each of unread) {
      const read = readRecord(each);
      if ("refused" in read) refused.push({ line: read.line, code: read.refused.code, detail: read.refused.detail });
      else {
        lines.push(read.line);
        records.push(read.record);
      }
    }
    return {
      refused,
      lines: Uint32Array.from(lines),
      refs: records.map(({ rec_id }) => rec_id),
      admitted: Uint8Array.from(records, (record: PersonRecord) => Number(admits(categories, record))),
      encoded: encodeRecords(records.filter((record) => admits(categories, record))),
    };
  };
}

function admits(categories: ReadonlySet<string> | undefined, { category }: PersonRecord): boolean {
  return categories === undefined || categories.has(category === "" ? "other" : category);
}
