/**
 * Charts as SVG text.
 */
import { expect, test } from "vitest";
import { chartSvg, type Axis, type Point } from "#bench/plots/chart.ts";

const AXIS: Axis = { label: "share <x>", from: 0, to: 1, ticks: [0, 1] };
const chart = (points: readonly Point[], labels?: readonly string[]): string =>
  chartSvg({
    title: "A & B",
    x: AXIS,
    y: AXIS,
    series: [{ name: "one", color: "#000000", dots: true, points, ...(labels && { labels }) }],
  });

test("text is escaped", () => {
  const svg = chart([[0.5, 0.5]]);
  expect(svg).toContain("A &amp; B");
  expect(svg).toContain("share &lt;x&gt;");
});

test("points outside the axes are left out, corners are where the axes meet", () => {
  const svg = chart([
    [-1, 0],
    [0, 0],
    [1, 1],
    [2, 1],
  ]);
  expect(svg).toContain(`d="M70 404L700 44"`);
  expect(svg.match(/<circle/g)).toHaveLength(3);
});

test("a line keeps one point a pixel, and labels keep apart", () => {
  const points = Array.from({ length: 10_001 }, (_, at): Point => [at / 10_000, 0.5]);
  const svg = chart(
    points,
    points.map((_, at) => `label ${at}`),
  );
  expect((svg.match(/L\d/g) ?? []).length).toBeLessThan(640);
  expect((svg.match(/>label /g) ?? []).length).toBeLessThan(50);
});
