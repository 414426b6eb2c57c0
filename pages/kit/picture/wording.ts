/**
 * What drawings and tables of the regional picture say, in whichever language, and how they write a figure with its error bar.
 */
import type { Shown } from "#engine/statistics/estimate.ts";

const KNOWN_NAMES = [
  "high",
  "medium",
  "low",
  "one",
  "two",
  "three",
  "four-or-more",
  "armed",
  "violent",
  "escape-risk",
  "financer",
  "recruiter",
  "foreign-fighter",
  "suspect",
  "convicted",
  "contact",
  "victim",
  "witness",
  "other",
  "terrorism",
] as const;
type KnownName = (typeof KNOWN_NAMES)[number];

/** Without its prefix `picture-`. */
export type PictureTerm =
  | "all"
  | "under-ten"
  | "at-most"
  | "under-ten-together"
  | "interval"
  | "column-figure"
  | "column-interval"
  | "column-round"
  | "column-released"
  | "column-field"
  | "nothing-shown"
  | `name-${KnownName}`;

export type Wording = {
  readonly term: (term: PictureTerm, values?: Readonly<Record<string, string | number>>) => string;
  readonly number: (value: number) => string;
  /** @param moment - RFC 3339. */
  readonly day: (moment: string) => string;
};

/** A band, category, indicator or field; one that has no word is written as its code. */
export function nameText(wording: Wording, code: string): string {
  const known = KNOWN_NAMES.find((name) => name === code);
  return known === undefined ? code : wording.term(`name-${known}`);
}

/** The figure alone. */
export function figureText(wording: Wording, { figure }: Shown): string {
  return figure === null ? wording.term("under-ten") : wording.number(figure);
}

/** The figure with its error bar; of one under ten what it is at most. */
export function withBar(wording: Wording, shown: Shown): string {
  return shown.figure === null
    ? `${wording.term("under-ten")} ${wording.term("at-most", { most: shown.high })}`
    : `${wording.number(shown.figure)} ${barText(wording, shown)}`;
}

export function barText(wording: Wording, { bar }: Shown): string {
  return `±${wording.number(bar)}`;
}

export function intervalText(wording: Wording, { low, high }: Shown): string {
  return wording.term("interval", { low, high });
}
