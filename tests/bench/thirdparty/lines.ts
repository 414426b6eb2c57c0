/** Lines that the tests of the bench beside its rivals begin from. */
import type { MeasuredLine } from "#bench/thirdparty/line.ts";

export const LINKED = {
  system: "aquila",
  measure: "link",
  data: "HR-SI, seed 7, life",
  rowsA: 10_000,
  rowsB: 10_000,
  basis: "measured",
  wallS: 12.3456,
  cpuS: 12,
  repeats: 1,
  cores: 1,
  rate: { unit: "records", perSecond: 1620 },
  results: 853,
  quality: { truePairs: 810, pairs: 853, f1: 0.765432, recallAt95: 0.5, recallAt99: null },
  versions: { node: "24.0.0" },
  note: "aquila link",
} as const satisfies MeasuredLine;
