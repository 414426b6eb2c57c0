/** What children print and what lines.jsonl keeps. */
import { expect, test } from "vitest";
import { lineText, median, readChildLine, readLines } from "#bench/thirdparty/line.ts";
import { LINKED } from "./lines.ts";

test("a child's line is its last; what its libraries print before is passed over", () => {
  const line = { timesS: [0.5], cpuS: 0.4, versions: { splink: "5.0.0" } };
  expect(readChildLine(`Model trained.\n${JSON.stringify(line)}\n`)).toEqual(line);
});

test.each(["", "Traceback", "{}", '{"timesS":[],"versions":{}}', '{"timesS":[0],"versions":{}}'])(
  "a child that ends with %j has measured nothing",
  (output) => {
    expect(() => readChildLine(output)).toThrow("ended without its line");
  },
);

test("lines survive being written and read; seconds and rates keep four digits, quality four decimals", () => {
  const skipped = { system: "psi.js", skipped: "no npm" } as const;
  const run = { machine: "one core", command: "bench" };
  const text = [run, LINKED, skipped].map(lineText).join("\n");
  const quality = { ...LINKED.quality, f1: 0.7654, recallAt95: 0.5 };
  expect(readLines(`${text}\n`)).toEqual([run, { ...LINKED, wallS: 12.35, quality }, skipped]);
});

test("a line with a field that nobody knows is refused", () => {
  expect(() => readLines(JSON.stringify({ ...LINKED, wallMs: 1 }))).toThrow();
});

test("the median is the middle time, of two the later", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([2, 1])).toBe(2);
  expect(() => median([])).toThrow(RangeError);
});
