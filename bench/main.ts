/**
 * `npm run -s bench -- NAME [--json]`, `npm run -s bench -- --list`; sizes by BENCH=smoke, BENCH=full or neither.
 * Exit codes: 0 measured, 1 a bench found itself wrong, 64 wrong usage.
 */
import { parseArgs } from "node:util";
import { api } from "./api.ts";
import { encode } from "./encode.ts";
import { fishing } from "./fishing.ts";
import { ingest } from "./ingest.ts";
import { join } from "./join.ts";
import { round } from "./round.ts";
import { memory } from "./memory.ts";
import { quality } from "./quality.ts";
import { report } from "./report.ts";
import { sort } from "./sort.ts";
import { machine, measurementLine, measurementRow, SCALES, type Bench } from "./measurement.ts";

const BENCHES: readonly Bench[] = [encode, fishing, ingest, join, memory, round, sort];

const USAGE = "usage: npm run -s bench -- NAME… [--json] | --list   (BENCH=smoke or BENCH=full for other sizes)";

async function main(): Promise<number> {
  if (process.argv[2] === "quality") return quality(process.argv.slice(3));
  if (process.argv[2] === "api") return api(process.argv.slice(3));
  if (process.argv[2] === "report") return report(process.argv.slice(3));
  const { values, positionals } = parseArgs({
    options: { json: { type: "boolean", default: false }, list: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  if (values.list) {
    for (const { name, about } of BENCHES) console.log(`${name.padEnd(8)}  ${about}`);
    console.log("api       signed requests to a server process on loopback, requests per second and latency");
    console.log("report    the benches' lines as a page with pictures; has options of its own: bench/report.ts");
    console.log("quality   precision, recall, calibration and fairness; has options of its own: bench/quality.ts");
    return 0;
  }
  const wantedScale = process.env["BENCH"] ?? "usual";
  const scale = SCALES.find((known) => known === wantedScale);
  const chosen = BENCHES.filter(({ name }) => positionals.includes(name));
  if (scale === undefined || chosen.length === 0 || chosen.length < positionals.length) {
    console.error(`${USAGE}\nbenches: ${BENCHES.map(({ name }) => name).join(", ")}`);
    return 64;
  }
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
  process.exitCode = error instanceof TypeError && "code" in error ? 64 : 1;
}
