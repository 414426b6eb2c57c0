/**
 * SVG as text: elements with escaped text and finite numbers, so that a page and a report draw the same.
 */
type Attributes = Readonly<Record<string, string | number>>;

/** A drawing that says what it shows to who does not see it. */
export type Labels = {
  /** Unique in the document. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
};

/** @throws RangeError if a number is not finite. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${attributeText(value)}"`);
  return `<${name}${written.join("")}>${children.join("")}</${name}>`;
}

export function text(attributes: Attributes, content: string): string {
  return element("text", attributes, escaped(content));
}

/** What a pointer is told. */
export function title(content: string): string {
  return element("title", {}, escaped(content));
}

export function line(className: string, x1: number, y1: number, x2: number, y2: number): string {
  return element("line", { class: className, x1, y1, x2, y2 });
}

/** The whole drawing, with the pattern `ID-hatch` for figures under ten. */
export function drawing(
  { id, title: name, description }: Labels,
  size: readonly [number, number],
  content: string,
): string {
  const [width, height] = size;
  const hatch = element(
    "pattern",
    { id: `${id}-hatch`, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    element("rect", { class: "hatch-ground", width: 6, height: 6 }),
    line("hatch-line", 0, 0, 0, 6),
  );
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "picture",
      role: "img",
      "aria-labelledby": `${id}-title ${id}-desc`,
      viewBox: `0 0 ${rounded(width)} ${rounded(height)}`,
      width,
      height,
    },
    element("title", { id: `${id}-title` }, escaped(name)),
    element("desc", { id: `${id}-desc` }, escaped(description)),
    element("defs", {}, hatch),
    content,
  );
}

export function hatchOf({ id }: Labels): string {
  return `url(#${id}-hatch)`;
}

export function escaped(content: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return content.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

/** Round numbers from 0 to at least `most`. @returns At least two, the last not below `most`. */
export function ticksTo(most: number): number[] {
  const rough = Math.max(most, 10) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  const count = Math.ceil(Math.max(most, 10) / step);
  return Array.from({ length: count + 1 }, (_, at) => at * step);
}

function attributeText(value: string | number): string {
  return typeof value === "string" ? escaped(value) : String(rounded(value));
}

function rounded(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError("svg: a number that is none");
  return Math.round(value * 10) / 10;
}
