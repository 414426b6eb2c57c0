/**
 * What of the regional picture can be looked at, each as one drawing with its table; the page and the report show the same.
 */
import {
  hitsByField,
  matrixOf,
  rowsBy,
  trendOf,
  type Choice,
  type Group,
  type HistogramGroup,
  type RegionalPicture,
} from "#engine/statistics/regional-picture.ts";
import { barRows } from "./bar-rows.ts";
import { chordDiagram } from "./chord-diagram.ts";
import { groupTable, pairingTable, trendTable, type FigureTable } from "./figure-tables.ts";
import { heatMap } from "./heat-map.ts";
import { trendLines } from "./trend-lines.ts";
import type { Wording } from "./wording.ts";

export const VIEWS = [
  "chord",
  "matrix",
  "trend",
  "bands",
  "fields",
  "categories",
  "riskIndicators",
  "counterparts",
] as const;
export type View = (typeof VIEWS)[number];

export type ViewTerm =
  | `view-${View}`
  | `column-${HistogramGroup}`
  | "pairing"
  | "by-pairing"
  | "by-party"
  | "party"
  | "band"
  | "field"
  | `${"chord" | "matrix" | "trend" | "bars"}-describes`;

/** A wording that can title views, too. */
export type ViewWording = Wording & {
  readonly view: (term: ViewTerm, values?: Readonly<Record<string, string | number>>) => string;
};

export type ShownView = {
  /** SVG. */
  readonly drawing: string;
  readonly tables: readonly FigureTable[];
};

type Place = { readonly id: string; /** In pixels. */ readonly width: number };

/** @returns Null if nothing was published that the choice leaves. */
export function showView(
  picture: RegionalPicture,
  view: View,
  choice: Choice,
  wording: ViewWording,
  { id, width }: Place,
): ShownView | null {
  const caption = wording.view(`view-${view}`);
  const labels = (description: string) => ({ id, title: caption, description });
  const bars = (group: Group, column: string): ShownView | null =>
    group.entries.length === 0
      ? null
      : {
          drawing: barRows(group, wording, width, labels(wording.view("bars-describes"))),
          tables: [groupTable(group, wording, caption, column)],
        };
  switch (view) {
    case "chord":
    case "matrix": {
      const matrix = matrixOf(picture, choice);
      if (matrix.parties.length === 0) return null;
      const described = labels(wording.view(`${view}-describes`, { parties: matrix.parties.length }));
      const entries = [...matrix.byParty].map(([name, shown]) => ({ name, shown }));
      return {
        drawing:
          view === "chord" ? chordDiagram(matrix, wording, width, described) : heatMap(matrix, wording, described),
        tables: [
          pairingTable(picture, choice, wording, wording.view("by-pairing"), wording.view("pairing")),
          groupTable({ entries, total: null }, wording, wording.view("by-party"), wording.view("party")),
        ],
      };
    }
    case "trend": {
      const points = trendOf(picture, choice);
      if (points.length === 0) return null;
      const described = labels(wording.view("trend-describes", { rounds: points.length }));
      return {
        drawing: trendLines(points, wording, width, described),
        tables: [trendTable(points, wording, caption)],
      };
    }
    case "bands":
      return bars(matrixOf(picture, choice).byBand, wording.view("band"));
    case "fields":
      return bars(hitsByField(picture, choice), wording.view("field"));
    case "categories":
    case "riskIndicators":
    case "counterparts":
      return bars(rowsBy(picture, view, choice), wording.view(`column-${view}`));
  }
}
