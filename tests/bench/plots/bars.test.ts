/**
 * Bars as SVG text.
 */
import { expect, test } from "vitest";
import { barsSvg } from "#bench/plots/bars.ts";

test("a bar is as long as its value, text is escaped", () => {
  const svg = barsSvg("A & B", "µs", [
    { name: "one <x>", value: 10, label: "10" },
    { name: "half", value: 5, label: "5", note: "of one" },
  ]);
  expect(svg).toContain("A &amp; B");
  expect(svg).toContain("one &lt;x&gt;");
  const lengths = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map(([, length]) => Number(length));
  expect(lengths[0]).toBe(2 * (lengths[1] ?? NaN));
});
