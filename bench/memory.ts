/**
 * Bench `memory`: peak memory of the match stage against the size of the lists; bench `round` on its two parties, once a size.
 */
import type { Bench, Scale } from "./measurement.ts";
import { measureRound } from "./round.ts";

const WORKERS = 2;
const RECORDS: Record<Scale, readonly number[]> = {
  smoke: [1_000],
  usual: [10_000, 100_000, 1_000_000],
  full: [10_000, 100_000, 1_000_000, 10_000_000],
};

export const memory: Bench = {
  name: "memory",
  about: "peak memory of the match stage against size: `matchPeakRssMb`, of a process of its own",
  async *measure(scale) {
    for (const records of RECORDS[scale]) yield await measureRound([2, records, WORKERS, 1]);
  },
};
