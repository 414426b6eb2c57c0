/**
 * What one record costs at each stage of a round, in microseconds, from the benches' rates.
 */
import type { Bar } from "../plots/bars.ts";
import { COLORS } from "../plots/chart.ts";
import { linesWith, rateOf, sizeOf, type SpeedLine } from "./lines.ts";

type Stage = {
  readonly name: string;
  readonly note: string;
  readonly line: SpeedLine | undefined;
  readonly recordsPerSecond: (line: SpeedLine) => number;
  readonly color: string;
};

const [PARTY, SECRETARIAT] = COLORS;

/** @returns A bar for each stage that was measured, in the order of a round, and the lines used. */
export function stageBars(lines: readonly SpeedLine[]): { readonly bars: Bar[]; readonly lines: SpeedLine[] } {
  const oneCore = lines.filter((line) => line.bench !== "encode" || !("workers" in line.size));
  const stages: Stage[] = [
    {
      name: "encode: facts and digests",
      note: "party, one core, once",
      line: linesWith(oneCore, "encode", "recordsPerSecond")[0],
      recordsPerSecond: (line) => rateOf(line, "recordsPerSecond"),
      color: PARTY,
    },
    {
      name: "encode: whole list",
      note: "party, one core, once, facts included",
      line: linesWith(oneCore, "encode", "listRecordsPerSecond")[0],
      recordsPerSecond: (line) => rateOf(line, "listRecordsPerSecond"),
      color: PARTY,
    },
    {
      name: "encode: a counterpart's batch",
      note: "party, one core, each counterpart",
      line: linesWith(oneCore, "encode", "pairingRowsPerSecond")[0],
      recordsPerSecond: (line) => rateOf(line, "pairingRowsPerSecond"),
      color: PARTY,
    },
    {
      name: "ingest: sent and stored",
      note: "HTTP on one machine, each counterpart",
      line: linesWith(lines, "ingest", "bytesPerSecond")[0],
      recordsPerSecond: (line) =>
        (rateOf(line, "bytesPerSecond") * sizeOf(line, "records") * sizeOf(line, "batches")) / sizeOf(line, "bytes"),
      color: SECRETARIAT,
    },
    {
      name: "match",
      note: "secretariat, two workers, each counterpart",
      line: linesWith(lines, "round", "rows")
        .filter((line) => sizeOf(line, "parties") === 2 && sizeOf(line, "workers") === 2)
        .sort((one, other) => sizeOf(other, "rows") - sizeOf(one, "rows"))[0],
      recordsPerSecond: (line) => (2 * sizeOf(line, "rows")) / (line.medianMs / 1_000),
      color: SECRETARIAT,
    },
  ];
  const measured = stages.flatMap((stage) => (stage.line === undefined ? [] : [{ ...stage, line: stage.line }]));
  return {
    bars: measured.map(({ name, note, line, recordsPerSecond, color }) => {
      const microseconds = 1e6 / recordsPerSecond(line);
      const rate = Math.round(1e6 / microseconds).toLocaleString("en-US");
      const value = Number(microseconds.toPrecision(3));
      return { name, note, value, label: `${value} µs, ${rate} a second`, color };
    }),
    lines: measured.map(({ line }) => line),
  };
}
