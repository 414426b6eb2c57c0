/**
 * `npm run -s bench -- NAME [--json]`, `npm run -s bench -- --list`; sizes by BENCH=smoke, BENCH=full or neither.
 * Exit codes: 0 measured, 1 a bench found itself wrong, 64 wrong usage.
 */
import { parseArgs } from "node:util";
import { api } from "./api.ts";
import { attack } from "./attack.ts";
import { encode } from "./encode.ts";
import { fishing } from "./fishing.ts";
import { ingest } from "./ingest.ts";
import { join } from "./join.ts";
import { round } from "./round.ts";
import { memory } from "./memory.ts";
import { pages } from "./pages.ts";
import { quality } from "./quality.ts";
import { report } from "./report.ts";
import { soak } from "./soak.ts";
import { sort } from "./sort.ts";
import { trial, TRIALS } from "./trials.ts";
import { machine, measurementLine, measurementRow, wantedScale, WrongUsage, type Bench } from "./measurement.ts";

const BENCHES: readonly Bench[] = [encode, fishing, ingest, join, memory, round, sort];

/** Benches that print lines of their own. */
type OwnBench = { readonly about: string; readonly run: (args: readonly string[]) => Promise<number> };
const OWN_BENCHES: Readonly<Record<string, OwnBench>> = {
  api: { about: "signed requests to a server process on loopback, requests per second and latency", run: api },
  attack: { about: "what the secretariat stores and joins, attacked: docs/attacks.md", run: attack },
  pages: { about: "the analyst console in a real Chromium: bundle, first paint, filtering, scrolling", run: pages },
  quality: {
    about: "precision, recall, calibration and fairness; has options of its own: bench/quality.ts",
    run: quality,
  },
  report: {
    about: "the benches' lines as a page with pictures; has options of its own: bench/report.ts",
    run: report,
  },
  soak: { about: "a server under full load for minutes: errors, requests per second, memory", run: soak },
  ...Object.fromEntries(
    Object.entries(TRIALS).map(([name, { about }]) => [
      name,
      { about, run: (args: readonly string[]) => trial(name, args) },
    ]),
  ),
};

const USAGE = "usage: npm run -s bench -- NAME… [--json] | --list   (BENCH=smoke or BENCH=full for other sizes)";

async function main(): Promise<number> {
  const [name = "", ...args] = process.argv.slice(2);
  const own = OWN_BENCHES[name];
  if (own !== undefined) return own.run(args);
  const { values, positionals } = parseArgs({
    options: { json: { type: "boolean", default: false }, list: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const all = [...BENCHES, ...Object.entries(OWN_BENCHES).map(([own, { about }]) => ({ name: own, about }))];
  if (values.list) {
    for (const { name, about } of all) console.log(`${name.padEnd(8)}  ${about}`);
    return 0;
  }
  const chosen = BENCHES.filter(({ name }) => positionals.includes(name));
  if (chosen.length === 0 || chosen.length < positionals.length)
    throw new WrongUsage(`${USAGE}\nbenches: ${all.map(({ name }) => name).join(", ")}`);
  const scale = wantedScale();
  if (!values.json) console.log(machine());
  for (const { name, measure } of chosen) {
    for await (const measurement of measure(scale)) {
      console.log(values.json ? measurementLine(name, measurement) : measurementRow(name, measurement));
    }
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const isUsage = error instanceof WrongUsage || (error instanceof TypeError && "code" in error);
  process.exitCode = isUsage ? 64 : 1;
}
