/**
 * Hits between parties as a chord diagram: an arc for each party, a ribbon for each pairing with a figure of at least ten. A ribbon whose
 * error bar reaches zero is only outlined, since there may be no hit behind it.
 */
import { chord, ribbon, type Chord, type ChordSubgroup } from "d3-chord";
import { arc } from "d3-shape";
import { pairName, type Matrix } from "#engine/statistics/regional-picture.ts";
import { drawing, element, line, text, title, type Labels } from "./svg.ts";
import { figureText, withBar, barText, type Wording } from "./wording.ts";

/** Colours that are told apart also by who sees few; after them they begin again. */
const COLOURS = 8;
const RING = 12;
/** A letter of a label, in pixels. */
const LETTER = 6.6;
const LINE = 14;
const MOST_RADIUS = 190;
const LEAST_RADIUS = 64;

/** @param width - In pixels. */
export function chordDiagram(
  { parties, pairings, byParty }: Matrix,
  wording: Wording,
  width: number,
  labels: Labels,
): string {
  const flows = parties.map((party) => parties.map((other) => pairings.get(pairName(party, other))?.figure ?? 0));
  const names = parties.map((party) => {
    const sum = byParty.get(party);
    if (sum === undefined) return party;
    return `${party} ${figureText(wording, sum)}${sum.figure === null ? "" : ` ${barText(wording, sum)}`}`;
  });
  const besideOf = (written: readonly string[]): number =>
    Math.max(...written.map(({ length }) => length), 1) * LETTER + 22;
  // Without room for figures they stand in the table and under the pointer alone.
  const written = width / 2 - besideOf(names) < LEAST_RADIUS ? parties : names;
  const beside = besideOf(written);
  const outer = Math.max(LEAST_RADIUS, Math.min(MOST_RADIUS, width / 2 - beside));
  const height = Math.max(2 * outer + 40, Math.ceil(parties.length / 2) * LINE + 30);
  if (flows.flat().every((flow) => flow === 0))
    return drawing(labels, [width, 60], text({ class: "head", x: 8, y: 34 }, wording.term("nothing-shown")));

  const layout = chord().padAngle(Math.min(0.06, 0.9 / parties.length))(flows);
  // Without a context a path is given as text, whatever its type says.
  const drawnRibbon: (flow: Chord) => unknown = ribbon<Chord, ChordSubgroup>().radius(outer - RING - 1);
  const drawnArc = arc<{ startAngle: number; endAngle: number }>()
    .innerRadius(outer - RING)
    .outerRadius(outer);
  const ribbons = [...layout].map((flow) => {
    const [from, to] = [parties[flow.source.index] ?? "", parties[flow.target.index] ?? ""];
    const shown = pairings.get(pairName(from, to));
    const told = shown === undefined ? "" : `${pairName(from, to)}: ${withBar(wording, shown)}`;
    const path = drawnRibbon(flow);
    const className = `ribbon ${colourOf(flow.source.index)}${shown?.low === 0 ? " uncertain" : ""}`;
    return element("path", { class: className, d: shortened(path) }, title(told));
  });
  const arcs = layout.groups.map((group) =>
    element(
      "path",
      { class: `arc ${colourOf(group.index)}`, d: shortened(drawnArc(group)) },
      title(names[group.index] ?? ""),
    ),
  );
  const angles = layout.groups.map(({ index, startAngle, endAngle }) => ({
    index,
    angle: (startAngle + endAngle) / 2,
  }));
  const placed = [
    ...column(angles.filter(({ angle }) => angle < Math.PI)),
    ...column(angles.filter(({ angle }) => angle >= Math.PI)),
  ];
  const besides = placed.map(({ index, angle, y }) => {
    const side = angle < Math.PI ? 1 : -1;
    const [edgeX, edgeY] = [Math.sin(angle) * (outer + 2), -Math.cos(angle) * (outer + 2)];
    const x = side * (outer + 16);
    return (
      line("leader", edgeX, edgeY, x - side * 2, y - 4) +
      text({ class: "head", x, y, "text-anchor": side === 1 ? "start" : "end" }, written[index] ?? "")
    );
  });
  const centre = `translate(${Math.round(width / 2)} ${Math.round(height / 2)})`;
  return drawing(labels, [width, height], element("g", { transform: centre }, ...ribbons, ...arcs, ...besides));

  /** Heights of one side's labels: beside their arcs, moved apart where they would overlap. */
  function column(side: readonly { readonly index: number; readonly angle: number }[]) {
    const sorted = side
      .map((each) => ({ ...each, y: -Math.cos(each.angle) * (outer + 10) + 4 }))
      .sort((a, b) => a.y - b.y || a.index - b.index);
    let free = -height / 2 + LINE;
    for (const label of sorted) {
      label.y = Math.max(label.y, free);
      free = label.y + LINE;
    }
    let last = height / 2 - 4;
    for (const label of sorted.toReversed()) {
      label.y = Math.min(label.y, last);
      last = label.y - LINE;
    }
    return sorted;
  }
}

function colourOf(index: number): string {
  return `series-${index % COLOURS}`;
}

/** A path with one decimal. */
function shortened(path: unknown): string {
  if (typeof path !== "string" || path.includes("NaN")) throw new RangeError("chordDiagram: no path");
  return path.replace(/-?\d+\.\d+(e-?\d+)?/g, (number) => String(Math.round(Number(number) * 10) / 10));
}
