/**
 * Times that were not waited for, from rates of the same run: all pairs grow with the product of the lists, the rest with their sum.
 */
import type { MeasuredLine } from "./line.ts";

/**
 * anonlink at another size, from its largest run; wall time as if it had its core to itself.
 *
 * @param link - With the stages `load`, `encode`, `compare` and `solve`.
 * @param records - Of each list.
 */
export function projectAllPairs(link: MeasuredLine, records: number): MeasuredLine {
  const { load = 0, encode = 0, compare = 0, solve = 0 } = link.stages ?? {};
  const linear = records / link.rowsA;
  const stages = { load, encode: encode * linear, compare: compare * linear ** 2, solve: solve * linear };
  const cpuS = Object.values(stages).reduce((sum, stage) => sum + stage, 0);
  const perSecond = (link.rowsA * link.rowsB) / compare;
  return projected(link, records, cpuS, {
    cpuS,
    stages,
    note: `projected from ${link.rowsA} a side at ${(perSecond / 1e6).toFixed(0)} M comparisons/s; results and memory left out`,
  });
}

/** A system whose time grows with the rows, such as psi.js. */
export function projectLinear(line: MeasuredLine, records: number): MeasuredLine {
  const factor = records / line.rowsA;
  return projected(line, records, line.wallS * factor, {
    cpuS: line.cpuS === null ? null : line.cpuS * factor,
    note: `projected from ${line.rowsA} a side, in proportion`,
  });
}

function projected(line: MeasuredLine, records: number, wallS: number, rest: Partial<MeasuredLine>): MeasuredLine {
  const { system, measure, data, cores, versions, rate } = line;
  return {
    system,
    measure,
    data,
    rowsA: records,
    rowsB: records,
    basis: "projected",
    wallS,
    cpuS: null,
    repeats: 0,
    cores,
    rate: { unit: rate.unit, perSecond: (2 * records) / wallS },
    results: null,
    versions,
    ...rest,
  };
}
