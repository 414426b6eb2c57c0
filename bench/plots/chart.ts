/**
 * Line charts as SVG text: axes, grid, legend; nothing but what is given, so that the same figures give the same bytes.
 */

export type Point = readonly [x: number, y: number];

export type Series = {
  readonly name: string;
  readonly points: readonly Point[];
  readonly color: string;
  /** SVG dash pattern; undefined is a full line. */
  readonly dashes?: string;
  readonly dots?: boolean;
  /** Text beside each point, in their order. */
  readonly labels?: readonly string[];
};

export type Axis = {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  /** Logarithmic; `from` is above 0. */
  readonly log?: boolean;
  readonly percent?: boolean;
};

export type Chart = { readonly title: string; readonly x: Axis; readonly y: Axis; readonly series: readonly Series[] };

/** Colours that stay apart for colour-blind readers (Okabe & Ito 2008). */
export const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"] as const;

const WIDTH = 720;
const HEIGHT = 460;
const LEFT = 70;
const RIGHT = 20;
const TOP = 44;
const BOTTOM = 56;
const LEGEND_ROW = 18;
/** Keeps a label readable on a line. */
const HALO = `paint-order="stroke" stroke="#ffffff" stroke-width="3"`;

/** @returns A whole SVG document. */
export function chartSvg({ title, x, y, series }: Chart): string {
  const legend = series.length * LEGEND_ROW + 8;
  const height = HEIGHT + legend;
  const toX = (value: number): number => LEFT + shareOf(x, value) * (WIDTH - LEFT - RIGHT);
  const toY = (value: number): number => HEIGHT - BOTTOM - shareOf(y, value) * (HEIGHT - BOTTOM - TOP);
  const body = [
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(WIDTH / 2, 24, title, `text-anchor="middle" font-size="16" font-weight="bold"`),
    ...x.ticks.flatMap((tick) => [
      line(toX(tick), TOP, toX(tick), HEIGHT - BOTTOM, "#e0e0e0"),
      text(toX(tick), HEIGHT - BOTTOM + 17, tickText(x, tick), `text-anchor="middle"`),
    ]),
    ...y.ticks.flatMap((tick) => [
      line(LEFT, toY(tick), WIDTH - RIGHT, toY(tick), "#e0e0e0"),
      text(LEFT - 7, toY(tick) + 4, tickText(y, tick), `text-anchor="end"`),
    ]),
    line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "#404040"),
    line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, "#404040"),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 40, x.label, `text-anchor="middle"`),
    `<text transform="translate(18 ${fixed((TOP + HEIGHT - BOTTOM) / 2)}) rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>`,
    ...series.flatMap((each) => seriesSvg(each, toX, toY)),
    ...series.flatMap((each, at) => {
      const rowY = HEIGHT + at * LEGEND_ROW;
      return [
        `<path d="M${LEFT} ${rowY}h30" ${stroke(each)}/>`,
        ...(each.dots === true ? [dot(LEFT + 15, rowY, each.color)] : []),
        text(LEFT + 38, rowY + 4, each.name, ""),
      ];
    }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#202020">\n<title>${escaped(title)}</title>\n${body.join("\n")}\n</svg>\n`;
}

type Place = { readonly x: number; readonly y: number };

/** Closer than a pixel, two points of a line are one; closer than a letter, two labels cannot be read. */
const LINE_GAP = 1;
const LABEL_GAP = 13;

/** Points outside the axes are left out, so that a line begins where it enters. */
function seriesSvg(series: Series, toX: (x: number) => number, toY: (y: number) => number): string[] {
  const inside = series.points
    .map(([x, y], at) => ({ x: toX(x), y: toY(y), label: series.labels?.[at] }))
    .filter(({ x, y }) => x >= LEFT - 0.5 && x <= WIDTH - RIGHT + 0.5 && y >= TOP - 0.5 && y <= HEIGHT - BOTTOM + 0.5);
  if (inside.length === 0) return [];
  const drawn = apart(inside, LINE_GAP);
  const path = drawn.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${fixed(x)} ${fixed(y)}`).join("");
  const labelled = apart(inside, LABEL_GAP);
  return [
    `<path d="${path}" ${stroke(series)}/>`,
    ...(series.dots === true ? inside.map(({ x, y }) => dot(x, y, series.color)) : []),
    ...labelled.flatMap(({ x, y, label }) =>
      label === undefined ? [] : [text(x + 7, y + 14, label, `font-size="10" fill="${series.color}" ${HALO}`)],
    ),
  ];
}

/** The places in order, without those nearer than `gap` to the last one kept. */
function apart<Kept extends Place>(places: readonly Kept[], gap: number): Kept[] {
  const kept: Kept[] = [];
  for (const place of places) {
    const last = kept.at(-1);
    if (last === undefined || Math.hypot(place.x - last.x, place.y - last.y) >= gap) kept.push(place);
  }
  return kept;
}

function shareOf({ from, to, log }: Axis, value: number): number {
  if (log === true) return Math.log(Math.max(value, Number.MIN_VALUE) / from) / Math.log(to / from);
  return (value - from) / (to - from);
}

function tickText({ percent }: Axis, tick: number): string {
  if (percent === true) return `${Number((tick * 100).toFixed(2))} %`;
  return tick >= 1000 ? tick.toLocaleString("en-US") : String(Number(tick.toFixed(4)));
}

function stroke({ color, dashes }: Series): string {
  return `fill="none" stroke="${color}" stroke-width="2"${dashes === undefined ? "" : ` stroke-dasharray="${dashes}"`}`;
}

function dot(x: number, y: number, color: string): string {
  return `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="3.5" fill="${color}"/>`;
}

function line(x1: number, y1: number, x2: number, y2: number, color: string): string {
  return `<path d="M${fixed(x1)} ${fixed(y1)}L${fixed(x2)} ${fixed(y2)}" stroke="${color}" fill="none"/>`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escaped(content)}</text>`;
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}

/** @returns The text as XML and HTML have it between tags. */
export function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
