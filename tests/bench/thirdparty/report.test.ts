/** The report that is made of a run's lines. */
import { describe, expect, test } from "vitest";
import type { MeasuredLine } from "#bench/thirdparty/line.ts";
import { projectAllPairs, projectLinear } from "#bench/thirdparty/projection.ts";
import { reportText } from "#bench/thirdparty/report.ts";
import { LINKED } from "./lines.ts";

const RUN = { machine: "a machine", command: "npm run -s bench:thirdparty --" };
const ANONLINK: MeasuredLine = {
  ...LINKED,
  system: "anonlink",
  wallS: 24.6912,
  cpuS: 24,
  stages: { load: 1, encode: 2, compare: 20, solve: 0.5 },
  oneToOneQuality: { truePairs: 810, pairs: 700, f1: 0.8, recallAt95: 0.25, recallAt99: 0.125 },
};

describe("report", () => {
  test("times stand beside Aquila's of the same data and size", () => {
    const report = reportText([RUN, LINKED, ANONLINK]);
    expect(report).toContain("| HR-SI, seed 7, life | 10,000 | aquila | 12.3 | 12.0 | 1.0 |  |");
    expect(report).toContain("| HR-SI, seed 7, life | 10,000 | anonlink | 24.7 | 24.0 | 2.0 |  |");
  });

  test("a round has a row and a factor of its own", () => {
    const round: MeasuredLine = { ...LINKED, measure: "round", wallS: 48.6, cpuS: 48 };
    const report = reportText([RUN, LINKED, round, ANONLINK]);
    expect(report).toContain("| aquila | 12.3 | 12.0 | 1.0 | 0.25 |");
    expect(report).toContain("| aquila, a round | 48.6 | 48.0 | 4.0 | 1.0 |");
    expect(report).toContain("| anonlink | 24.7 | 24.0 | 2.0 | 0.50 |");
    expect(report).toContain("| 10,000 | aquila, a round | .765 | .500 | – |");
  });

  test("another size has no factor", () => {
    const report = reportText([RUN, LINKED, { ...ANONLINK, rowsA: 500, rowsB: 500 }]);
    expect(report).toContain("| 500 | anonlink | 24.7 | 24.0 |  |  |");
  });

  test("quality has a row for each way to take pairs; a precision never reached is a dash", () => {
    const report = reportText([RUN, ANONLINK]);
    expect(report).toContain("| 10,000 | anonlink | .765 | .500 | – |");
    expect(report).toContain("| 10,000 | anonlink, one to one | .800 | .250 | .125 |");
  });

  test("what was projected is marked, and judged by nobody", () => {
    const report = reportText([RUN, projectAllPairs(ANONLINK, 1_000_000)]);
    expect(report).toContain("| 1,000,000 | anonlink | ~ 200,251 | ~ 200,251 |  |  |");
    expect(report).not.toContain("What they find");
  });

  test("joins are rates of both columns and how often Aquila's is the other's", () => {
    const join = { ...LINKED, measure: "join", data: "keys", quality: undefined, wallS: 0.01 } as const;
    const duckdb = { ...join, system: "duckdb", wallS: 0.04, rate: { unit: "keys", perSecond: 5e5 } } as const;
    const report = reportText([RUN, join, duckdb]);
    expect(report).toContain("| 10,000 | duckdb | 40.0 | 0.5 | 4.0 |");
    expect(report).not.toContain("Exact private set intersection");
  });

  test("a rival left out is told with its reason", () => {
    const report = reportText([RUN, { system: "splink", skipped: "no Python" }]);
    expect(report).toContain("## Left out\n\n- splink: no Python");
  });

  test("children that no core was set aside for are told", () => {
    expect(reportText([RUN, { ...LINKED, cores: null }])).toContain("without taskset");
  });
});

describe("projection", () => {
  test("all pairs grow with the product of the lists, reading and encoding with their sum, loading not at all", () => {
    const line = projectAllPairs(ANONLINK, 100_000);
    expect(line.stages).toEqual({ load: 1, encode: 20, compare: 2000, solve: 5 });
    expect(line).toMatchObject({ basis: "projected", wallS: 2026, cpuS: 2026, rowsA: 100_000, results: null });
    expect(line.note).toContain("at 5 M comparisons/s");
  });

  test("a projection carries no quality", () => {
    expect(projectAllPairs(ANONLINK, 100_000)).not.toHaveProperty("quality");
  });

  test("a system of linear time grows with the rows", () => {
    expect(projectLinear(LINKED, 20_000)).toMatchObject({ wallS: 24.6912, cpuS: 24, basis: "projected" });
  });
});
