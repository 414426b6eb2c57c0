/**
 * F1 against the share of rows that bridge, as the margin of the information threshold moves (design §2, rule 3).
 * The profile's weights stay, taken at the threshold that the margin gives.
 */
import { cellMaker, type CellMaker, type RecordCells } from "#engine/encode/cells.ts";
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
  const cells = new Map([...lists].map((list) => [list, remembered(makeCells)]));
  return marginsBits.map((marginBits) => {
    const moved = { ...profile, informationMarginBits: marginBits };
    const encode = (records: readonly PersonRecord[]) =>
      encodeList(moved, (cells.get(records) ?? remembered(makeCells))(), records);
    const results = samples.map((sample) => linkBlind(sample, encode));
    const bridging = results.reduce((sum, { bridgingRows }) => sum + bridgingRows, 0);
    const rows = results.reduce((sum, each) => sum + each.rows, 0);
    return { marginBits, bridgingShare: bridging / rows, figures: pooledFigures(results) };
  });
}

/**
 * The cells do not depend on the margin: those of one list are made once and given again in the order of its parts.
 *
 * @returns Starts the list anew.
 */
function remembered(makeCells: CellMaker): () => CellMaker {
  const made: RecordCells[] = [];
  return () => {
    let next = 0;
    return (facts) => {
      const cells = made[next] ?? makeCells(facts);
      made[next++] = cells;
      return cells;
    };
  };
}
