/**
 * The same figures as tables, for who does not see a drawing or wants to add up.
 */
import {
  BANDS,
  matrixOf,
  underTenOf,
  type Choice,
  type Group,
  type RegionalPicture,
  type TrendPoint,
} from "#engine/statistics/regional-picture.ts";
import { intervalText, nameText, withBar, figureText, barText, type Wording } from "./wording.ts";

export type FigureTable = {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly head: string;
    readonly cells: readonly string[];
    /** `under-ten`: what the figures under ten count together, so that the total is the sum of the lines above. */
    readonly kind: "figure" | "under-ten" | "total";
  }[];
};

/** Name, figure, error bar, interval; then what those under ten count together, and the total. */
export function groupTable({ entries, total }: Group, wording: Wording, caption: string, column: string): FigureTable {
  const underTen = underTenOf({ entries, total });
  const rows: FigureTable["rows"][number][] = entries.map(({ name, shown }) => ({
    head: nameText(wording, name),
    cells: [figureText(wording, shown), barText(wording, shown), intervalText(wording, shown)],
    kind: "figure",
  }));
  if (total !== null && total.figure !== null && underTen !== null)
    rows.push({
      head: wording.term("under-ten-together", { count: underTen.count }),
      cells: [signed(wording, underTen.counted), "", ""],
      kind: "under-ten",
    });
  if (total !== null)
    rows.push({
      head: wording.term("all"),
      cells: [figureText(wording, total), barText(wording, total), intervalText(wording, total)],
      kind: "total",
    });
  return {
    caption,
    columns: [column, wording.term("column-figure"), "±", wording.term("column-interval")],
    rows,
  };
}

/** A line for each round. */
export function trendTable(points: readonly TrendPoint[], wording: Wording, caption: string): FigureTable {
  const bands = BANDS.filter((band) => points.some(({ byBand }) => byBand.has(band)));
  return {
    caption,
    columns: [
      wording.term("column-round"),
      wording.term("column-released"),
      wording.term("column-field"),
      ...bands.map((band) => nameText(wording, band)),
      wording.term("all"),
    ],
    rows: points.map(({ id, releasedAt, field, whole, byBand }) => ({
      head: id,
      cells: [
        wording.day(releasedAt),
        nameText(wording, field),
        ...bands.map((band) => {
          const shown = byBand.get(band);
          return shown === undefined ? "" : withBar(wording, shown);
        }),
        withBar(wording, whole),
      ],
      kind: "figure",
    })),
  };
}

/** A line for each pairing, a column for each band and for all of them; then what those under ten count, and the totals. */
export function pairingTable(
  picture: RegionalPicture,
  choice: Choice,
  wording: Wording,
  caption: string,
  column: string,
): FigureTable {
  const all = matrixOf(picture, choice);
  const bands = BANDS.flatMap((band) => {
    const matrix = matrixOf(picture, { ...choice, band });
    return matrix.parties.length === 0 ? [] : [{ name: nameText(wording, band), matrix }];
  });
  const columns = [...(bands.length === 1 ? [] : bands), { name: wording.term("all"), matrix: all }];
  const underTen = columns.map(({ matrix: { pairings, whole } }) => {
    const entries = [...pairings].map(([name, shown]) => ({ name, shown }));
    return whole.figure === null ? null : underTenOf({ entries, total: whole });
  });
  return {
    caption,
    columns: [column, ...columns.map(({ name }) => name)],
    rows: [
      ...[...all.pairings.keys()].map((name) => ({
        head: name,
        cells: columns.map(({ matrix }) => {
          const shown = matrix.pairings.get(name);
          return shown === undefined ? "" : withBar(wording, shown);
        }),
        kind: "figure" as const,
      })),
      ...(underTen.every((each) => each === null)
        ? []
        : [
            {
              head: wording.term("under-ten"),
              cells: underTen.map((each) =>
                each === null
                  ? ""
                  : `${signed(wording, each.counted)} (${wording.term("under-ten-together", { count: each.count })})`,
              ),
              kind: "under-ten" as const,
            },
          ]),
      {
        head: wording.term("all"),
        cells: columns.map(({ matrix }) => withBar(wording, matrix.whole)),
        kind: "total" as const,
      },
    ],
  };
}

function signed(wording: Wording, value: number): string {
  return value < 0 ? `−${wording.number(-value)}` : `+${wording.number(value)}`;
}
