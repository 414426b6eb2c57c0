/**
 * The product itself on one sample: both lists encoded and linked under a fresh key, each candidate pair held against the truth.
 */
import { sizeClassOf } from "#engine/batch/size-class.ts";
import { cellMaker, type CellMaker } from "#engine/encode/cells.ts";
import { memoryCellStore } from "#engine/encode/cell-store.ts";
import { shippedTable } from "#engine/encode/information.ts";
import { listEncoder, type EncodedList } from "#engine/encode/list.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import type { Profile } from "#engine/profile.ts";
import type { Band } from "#engine/match/band.ts";
import type { Forecast } from "#engine/match/forecast.ts";
import { linkLists } from "#client/link.ts";
import { pairName, type KnownTruth, type Sample } from "./sample.ts";

/** A candidate pair held against the truth. */
export type JudgedPair = {
  readonly refA: string;
  readonly refB: string;
  /** log2 of the odds that it is one person, prior included; orders pairs of several samples. */
  readonly logOddsBits: number;
  readonly probability: number;
  readonly band: Band;
  readonly same: boolean;
};

/** One matcher's result on one sample. */
export type Judged<Pair extends JudgedPair = JudgedPair> = {
  readonly sample: Sample;
  readonly pairs: readonly Pair[];
};

/** What the weights are worked out from. */
export type WeighedPair = JudgedPair & { readonly pattern: number; readonly weightBits: number };

/** What only the blind matcher has. */
export type BlindJudged = Judged<WeighedPair> & {
  readonly listA: EncodedList;
  readonly listB: EncodedList;
  readonly rows: number;
  readonly bridgingRows: number;
  /** Rows of the two batches, padding included. */
  readonly paddedRows: readonly [number, number];
  /** Expected pairs of different persons, from sizes and profile alone. */
  readonly forecast: Forecast;
};

/** Encodes lists, each once for every profile. */
export type Encoder = (records: readonly PersonRecord[]) => EncodedList;

/** @returns An encoder that keeps what it encoded as long as the records are held. */
export async function encoderOf(profile: Profile): Promise<Encoder> {
  const makeCells = await cellMaker(profile, shippedTable(profile.frequencyTable));
  const known = new WeakMap<readonly PersonRecord[], EncodedList>();
  return (records) => {
    const list = known.get(records) ?? encodeList(profile, makeCells, records);
    known.set(records, list);
    return list;
  };
}

/** @param makeCells - Of `profile`. */
export function encodeList(profile: Profile, makeCells: CellMaker, records: readonly PersonRecord[]): EncodedList {
  const encoder = listEncoder(profile, makeCells, memoryCellStore());
  for (const record of records) encoder.add(record);
  return encoder.finish();
}

/** Links a sample's lists as the two parties and the secretariat would. */
export function linkBlind(sample: Sample, encode: Encoder): BlindJudged {
  const listA = encode(sample.listA);
  const listB = encode(sample.listB);
  return {
    ...judgeLink(sample, listA, listB),
    sample,
    listA,
    listB,
    paddedRows: [sizeClassOf(listA.rows.length), sizeClassOf(listB.rows.length)],
  };
}

/** One link whose lists are not kept. */
export type JudgedLink = Pick<BlindJudged, "pairs" | "rows" | "bridgingRows" | "forecast"> & {
  readonly sample: KnownTruth;
};

/** Links two lists and holds their pairs against the truth. */
export function judgeLink(sample: KnownTruth, listA: EncodedList, listB: EncodedList): JudgedLink {
  const { pairs, rows, bridgingRows, prior, forecast } = linkLists(listA, listB);
  return {
    sample,
    pairs: pairs.map((pair) => ({
      ...pair,
      logOddsBits: pair.weightBits + prior.logOddsBits,
      same: sample.truth.has(pairName(pair.refA, pair.refB)),
    })),
    rows,
    bridgingRows,
    forecast,
  };
}
