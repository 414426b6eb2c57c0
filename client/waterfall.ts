/**
 * A waterfall of bits: each term of a match weight stands where the sum before it ended.
 * In: bars from top to bottom. Out: the same picture as lines of text and as SVG 1.1.
 */

/** `open`: a term of which only the two ends are known; `total`: a sum, drawn from 0. */
export type Bar = {
  readonly label: string;
  readonly note: string;
  readonly kind: "term" | "open" | "total";
  readonly fromBits: number;
  readonly toBits: number;
};

/** A line across the totals, such as a band's lower edge. */
export type Edge = { readonly label: string; readonly atBits: number };

export type Waterfall = {
  readonly title: string;
  readonly subtitle: string;
  readonly bars: readonly Bar[];
  readonly edges: readonly Edge[];
  /** First bar that the edges cross. */
  readonly edgesFrom: number;
  readonly footnotes: readonly string[];
};

const TEXT_COLUMNS = 40;
/** A term that adds less is drawn as nothing. */
const NOTHING_BITS = 0.005;

/** @returns One line for each bar: label, note, bits, sum, picture. */
export function waterfallLines(bars: readonly Bar[]): string[] {
  const { least, most } = rangeOf(bars);
  const column = (bits: number): number => Math.round(((bits - least) / (most - least)) * TEXT_COLUMNS);
  const labelWidth = Math.max(...bars.map(({ label }) => label.length));
  const noteWidth = Math.max(...bars.map(({ note }) => note.length));
  return bars.map((bar) => {
    const [start, end] = endsOf(bar).map(column) as [number, number];
    const filled = Math.abs(bar.toBits - bar.fromBits) < NOTHING_BITS ? 0 : Math.max(1, end - start);
    const picture = Array.from({ length: TEXT_COLUMNS + 1 }, (_, at) => {
      if (at >= start && at < start + filled) return GLYPHS[toneOf(bar)];
      return at === column(0) ? "│" : " ";
    }).join("");
    const { bits, sum } = valuesOf(bar);
    const cells = [bar.label.padEnd(labelWidth), bar.note.padEnd(noteWidth), bits.padStart(14), sum.padStart(14)];
    return `${cells.join("  ")}  ${picture}`.trimEnd();
  });
}

const WIDTH = 960;
const MARGIN = 24;
const NOTE_LEFT = 150;
const CHART_LEFT = 310;
const CHART_RIGHT = 740;
const BITS_RIGHT = 840;
const SUM_RIGHT = WIDTH - MARGIN;
const TOP = 104;
const ROW = 28;
const BAR = 16;
const TICK_BITS = 5;
const INK = "#1f2933";
const QUIET = "#616e7c";

type Tone = "plus" | "minus" | "total" | "open";
const GLYPHS: Readonly<Record<Tone, string>> = { plus: "█", minus: "▒", total: "▬", open: "░" };
/** Blue and orange: told apart under every common colour blindness. */
const FILLS: Readonly<Record<Tone, string>> = {
  plus: "#2b6cb0",
  minus: "#d9822b",
  total: "#3e4c59",
  open: "url(#open)",
};

/** @returns A whole document, for any width; its text says what its shapes show. */
export function waterfallSvg({ title, subtitle, bars, edges, edgesFrom, footnotes }: Waterfall): string {
  const { least, most } = rangeOf(bars, edges);
  const x = (bits: number): number =>
    rounded(CHART_LEFT + ((bits - least) / (most - least)) * (CHART_RIGHT - CHART_LEFT));
  const y = (row: number): number => TOP + row * ROW;
  const bottom = y(bars.length);
  const height = bottom + 68 + 18 * footnotes.length;
  const ticks: number[] = [];
  for (let at = Math.ceil(least / TICK_BITS) * TICK_BITS; at <= most; at += TICK_BITS) ticks.push(at);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title subtitle" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif" font-size="13">`,
    `<title id="title">${escaped(title)}</title><desc id="subtitle">${escaped(subtitle)}</desc>`,
    `<defs><pattern id="open" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#e4e7eb"/><rect width="3" height="6" fill="#9aa5b1"/></pattern></defs>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(MARGIN, 36, title, { size: 18, weight: 600 }),
    text(MARGIN, 60, subtitle, { fill: QUIET }),
    text(BITS_RIGHT, TOP - 14, "bits", { anchor: "end", fill: QUIET }),
    text(SUM_RIGHT, TOP - 14, "sum", { anchor: "end", fill: QUIET }),
    ...ticks.flatMap((tick) => [
      line(x(tick), TOP - 6, x(tick), bottom, tick === 0 ? INK : "#e4e7eb"),
      text(x(tick), bottom + 18, signed(tick, 0), { anchor: "middle", size: 11, fill: QUIET }),
    ]),
    ...edges.flatMap(({ label, atBits }, at) => [
      line(x(atBits), y(edgesFrom), x(atBits), bottom + 24 + 12 * (at % 2), "#b83280", "4 3"),
      text(x(atBits), bottom + 36 + 12 * (at % 2), label, { anchor: "middle", size: 11, fill: "#b83280" }),
    ]),
    ...bars.flatMap((bar, row) => barShapes(bar, bars[row + 1], x, y(row))),
    ...footnotes.map((note, at) => text(MARGIN, bottom + 72 + 18 * at, note, { size: 11, fill: QUIET })),
    "</svg>\n",
  ].join("\n");
}

function barShapes(bar: Bar, next: Bar | undefined, x: (bits: number) => number, top: number): string[] {
  const [start, end] = endsOf(bar).map(x) as [number, number];
  const middle = top + ROW / 2;
  const weight = bar.kind === "total" ? 600 : 400;
  const { bits, sum } = valuesOf(bar);
  const barTop = middle - BAR / 2;
  return [
    ...(bar.kind === "total" ? [line(MARGIN, top, SUM_RIGHT, top, "#cbd2d9")] : []),
    text(MARGIN, middle + 4, bar.label, { weight }),
    text(NOTE_LEFT, middle + 4, bar.note, { fill: QUIET }),
    `<rect x="${start}" y="${barTop}" width="${Math.max(1.5, rounded(end - start))}" height="${BAR}" fill="${FILLS[toneOf(bar)]}"/>`,
    // From the end of this bar to where the next one begins.
    ...(next !== undefined && next.kind !== "open" && bar.kind !== "open"
      ? [line(x(bar.toBits), barTop + BAR, x(bar.toBits), top + ROW + (ROW - BAR) / 2, QUIET)]
      : []),
    text(BITS_RIGHT, middle + 4, bits, { anchor: "end", weight }),
    text(SUM_RIGHT, middle + 4, sum, { anchor: "end", weight }),
  ];
}

function valuesOf({ kind, fromBits, toBits }: Bar): { bits: string; sum: string } {
  switch (kind) {
    case "term":
      return { bits: withPlus(toBits - fromBits), sum: signed(toBits, 2) };
    case "open":
      return { bits: "?", sum: `${signed(fromBits, 2)}…${signed(toBits, 2)}` };
    case "total":
      return { bits: "", sum: signed(toBits, 2) };
  }
}

function toneOf({ kind, fromBits, toBits }: Bar): Tone {
  if (kind !== "term") return kind;
  return toBits < fromBits ? "minus" : "plus";
}

/** @returns The bar's ends, the lower first. */
function endsOf({ kind, fromBits, toBits }: Bar): [number, number] {
  const from = kind === "total" ? 0 : fromBits;
  return [Math.min(from, toBits), Math.max(from, toBits)];
}

function rangeOf(bars: readonly Bar[], edges: readonly Edge[] = []): { least: number; most: number } {
  const all = [0, ...bars.flatMap(endsOf), ...edges.map(({ atBits }) => atBits)];
  return { least: Math.floor(Math.min(...all)) - 1, most: Math.ceil(Math.max(...all)) + 1 };
}

function withPlus(bits: number): string {
  const shown = signed(bits, 2);
  return bits > 0 && Number(shown) !== 0 ? `+${shown}` : shown;
}

/** @returns A number with a true minus sign. */
function signed(bits: number, digits: number): string {
  const shown = Math.abs(bits).toFixed(digits);
  return bits < 0 && Number(shown) !== 0 ? `−${shown}` : shown;
}

type TextStyle = {
  readonly anchor?: "middle" | "end";
  readonly size?: number;
  readonly weight?: number;
  readonly fill?: string;
};

function text(x: number, y: number, content: string, { anchor, size, weight, fill = INK }: TextStyle): string {
  const style = [
    anchor === undefined ? "" : ` text-anchor="${anchor}"`,
    size === undefined ? "" : ` font-size="${size}"`,
    weight === undefined ? "" : ` font-weight="${weight}"`,
  ].join("");
  return `<text x="${x}" y="${y}" fill="${fill}"${style}>${escaped(content)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, stroke: string, dashes = ""): string {
  const dashed = dashes === "" ? "" : ` stroke-dasharray="${dashes}"`;
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${stroke}"${dashed}/>`;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return (
    content
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      // XML 1.0 has no other control characters.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
  );
}
