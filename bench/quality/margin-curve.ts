/**
 * F1 against the share of rows that bridge, as the margin of the information threshold moves (design §2, rule 3).
 * The profile's weights stay, taken at the threshold that the margin gives.
 */
import { cellMaker, type CellMaker, type RecordCells } from "#engine/encode/cells.ts";
import { factsOf } from "#engine/encode/facts.ts";
import { shippedTable } from "#engine/encode/information.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import type { Profile } from "#engine/profile.ts";
import { encodeList, linkBlind } from "./blind.ts";
import { pooledFigures, type PooledFigures } from "./figures.ts";
import type { DataSet } from "./sample.ts";

export type MarginPoint = {
  readonly marginBits: number;
  readonly bridgingShare: number;
  readonly figures: PooledFigures;
};

/** @returns One point for each margin, in their order. */
export async function marginCurve(
  profile: Profile,
  { samples }: DataSet,
  marginsBits: readonly number[],
): Promise<MarginPoint[]> {
  const makeCells = await cellMaker(profile, shippedTable(profile.frequencyTable));
  const lists = new Set(samples.flatMap(({ listA, listB }) => [listA, listB]));
  const cells = new Map([...lists].map((list) => [list, list.map((record) => makeCells(factsOf(record)))]));
  return marginsBits.map((marginBits) => {
    const moved = { ...profile, informationMarginBits: marginBits };
    const encode = (records: readonly PersonRecord[]) => encodeList(moved, replay(cells.get(records) ?? []), records);
    const results = samples.map((sample) => linkBlind(sample, encode));
    const bridging = results.reduce((sum, { bridgingRows }) => sum + bridgingRows, 0);
    const rows = results.reduce((sum, each) => sum + each.rows, 0);
    return { marginBits, bridgingShare: bridging / rows, figures: pooledFigures(results) };
  });
}

/** The cells do not depend on the margin: they are made once and given again in the order of the records. */
function replay(made: readonly RecordCells[]): CellMaker {
  const next = made.values();
  return () => {
    const { value } = next.next();
    if (value === undefined) throw new RangeError("more records than cells");
    return value;
  };
}
