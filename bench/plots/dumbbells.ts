/**
 * Pairs of dots on one logarithmic axis as SVG text: what may be found is a line at 1, what was found stands left of it, and
 * what a control shows right of it.
 */
import { COLORS, escaped } from "./chart.ts";

export type Dumbbell = {
  readonly name: string;
  /** In multiples of what may be found; at least 0. */
  readonly found: number;
  /** In the same multiples; null where there is none. */
  readonly control: number | null;
  /** As they are written beside the dots. */
  readonly labels: readonly [found: string, control: string];
};

const WIDTH = 960;
const NAMES = 430;
const RIGHT = 60;
const TOP = 70;
const ROW = 30;
/** Powers of ten on the axis; what is smaller, 0 too, stands at its left end. */
const DECADES = { from: -3, to: 4 } as const;

/** @returns A whole SVG document. */
export function dumbbellsSvg(title: string, axis: string, pairs: readonly Dumbbell[]): string {
  const height = TOP + pairs.length * ROW + 20;
  const rows = pairs.flatMap(({ name, found, control, labels }, at) => {
    const y = TOP + at * ROW + ROW / 2;
    const dots: [number, string, string][] = [[found, found <= 1 ? COLORS[2] : COLORS[1], labels[0]]];
    if (control !== null) dots.push([control, COLORS[6], labels[1]]);
    return [
      `<text x="${NAMES - 14}" y="${y + 4}" text-anchor="end">${escaped(name)}</text>`,
      `<path d="M${NAMES} ${y}H${WIDTH - RIGHT}" stroke="#e8e8e8"/>`,
      ...dots.flatMap(([value, color, label]) => [
        `<circle cx="${toX(value).toFixed(1)}" cy="${y}" r="5" fill="${color}"/>`,
        `<text x="${toX(value).toFixed(1)}" y="${y - 8}" text-anchor="middle" font-size="10">${escaped(label)}</text>`,
      ]),
    ];
  });
  const ticks = Array.from({ length: DECADES.to - DECADES.from + 1 }, (_, at) => DECADES.from + at);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#202020">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${WIDTH / 2}" y="22" text-anchor="middle" font-size="16" font-weight="bold">${escaped(title)}</text>`,
    `<text x="${WIDTH / 2}" y="40" text-anchor="middle" font-size="11" fill="#606060">${escaped(axis)}</text>`,
    ...ticks.map(
      (power) =>
        `<text x="${toX(10 ** power)}" y="${TOP - 10}" text-anchor="middle" font-size="10" fill="#606060">${power === DECADES.from ? "≤ " : ""}${10 ** power}</text>`,
    ),
    `<path d="M${toX(1)} ${TOP - 4}V${height - 12}" stroke="${COLORS[1]}" stroke-dasharray="4 3"/>`,
    ...rows,
    "</svg>\n",
  ].join("\n");
}

function toX(value: number): number {
  const power = Math.min(DECADES.to, Math.max(DECADES.from, Math.log10(value)));
  return NAMES + ((power - DECADES.from) / (DECADES.to - DECADES.from)) * (WIDTH - NAMES - RIGHT);
}
