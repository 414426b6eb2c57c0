/**
 * Horizontal bars as SVG text, each with its name before it and its value behind; longest value, longest bar.
 */
import { COLORS, escaped } from "./chart.ts";

export type Bar = {
  readonly name: string;
  /** At least 0. */
  readonly value: number;
  /** Value with its unit, as it is written. */
  readonly label: string;
  /** What the name leaves out, in small letters below it. */
  readonly note?: string;
  readonly color?: string;
};

const WIDTH = 720;
const NAMES = 240;
const LABELS = 180;
const TOP = 58;
const ROW = 44;
const THICKNESS = 22;

/**
 * @param axis - What the length of a bar means.
 * @returns A whole SVG document.
 */
export function barsSvg(title: string, axis: string, bars: readonly Bar[]): string {
  const height = TOP + bars.length * ROW + 8;
  const longest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const rows = bars.flatMap(({ name, value, label, note, color }, at) => {
    const y = TOP + at * ROW;
    const length = Math.max(1, (value / longest) * (WIDTH - NAMES - LABELS));
    return [
      `<text x="${NAMES - 10}" y="${y + (note === undefined ? 16 : 11)}" text-anchor="end">${escaped(name)}</text>`,
      ...(note === undefined
        ? []
        : [
            `<text x="${NAMES - 10}" y="${y + 25}" text-anchor="end" font-size="10" fill="#606060">${escaped(note)}</text>`,
          ]),
      `<rect x="${NAMES}" y="${y}" width="${length.toFixed(1)}" height="${THICKNESS}" fill="${color ?? COLORS[0]}"/>`,
      `<text x="${(NAMES + length + 8).toFixed(1)}" y="${y + 16}">${escaped(label)}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#202020">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${WIDTH / 2}" y="24" text-anchor="middle" font-size="16" font-weight="bold">${escaped(title)}</text>`,
    `<text x="${NAMES}" y="46" font-size="11" fill="#606060">${escaped(axis)}</text>`,
    `<path d="M${NAMES} ${TOP - 6}V${height - 8}" stroke="#404040" fill="none"/>`,
    ...rows,
    "</svg>\n",
  ].join("\n");
}
