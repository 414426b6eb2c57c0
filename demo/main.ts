/**
 * `npm run demo`: twelve parties, one secretariat, one round over HTTP, and the proof that the secretariat saw nobody.
 * Everything is real but the people and the time; all files go to a temporary folder that is removed at the end.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { demonstrate } from "./demonstration.ts";
import { openPartyThreads } from "./parties.ts";
import { printTitle } from "./printing.ts";
import type { ServerProcess } from "./server-process.ts";

const FEWEST_RECORDS = 100;
const MOST_RECORDS = 20_000;
const EXIT_USAGE = 64;
const EXIT_INTERRUPTED = 130;
const THREADS = Math.min(2, availableParallelism());
/** A server that is being ended may still make files. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10 };

const { values } = parseArgs({
  options: { records: { type: "string", default: "2000" }, serve: { type: "boolean", default: false } },
});
const records = Number(values.records);
if (!Number.isInteger(records) || records < FEWEST_RECORDS || records > MOST_RECORDS) {
  console.error(`usage: npm run demo -- [--records ${FEWEST_RECORDS}…${MOST_RECORDS}] [--serve]`);
  process.exit(EXIT_USAGE);
}

const folder = mkdtempSync(join(tmpdir(), "aquila-demo-"));
const threads = openPartyThreads(THREADS);
let starting: Promise<ServerProcess> | undefined;
let interruptedCode = EXIT_INTERRUPTED;
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    interruption.abort();
    rmSync(folder, REMOVAL);
    process.exit(interruptedCode);
  });

try {
  const faults = await demonstrate({
    folder,
    recordsPerParty: records,
    threads,
    threadCount: THREADS,
    interruption: interruption.signal,
    onStarting: (server) => {
      starting = server;
    },
  });
  printTitle(faults.length === 0 ? "Done" : "Failed");
  for (const fault of faults) console.log(fault);
  console.log(`${process.uptime().toFixed(1)} seconds`);
  process.exitCode = faults.length === 0 ? 0 : 1;
  if (values.serve) await serveOn(process.exitCode);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await threads.close();
  await starting?.then(
    (server) => server.stop(),
    () => undefined,
  );
  rmSync(folder, REMOVAL);
}

/** Leaves the server up until the process is told to end. */
async function serveOn(exitCode: number): Promise<void> {
  const url = (await starting)?.url ?? "";
  console.log(`\nThe secretariat is still up at ${url}`);
  console.log(`  API page  ${url}/docs\n  metrics   ${url}/metrics\n  files     ${folder}`);
  console.log("Ctrl-C ends it and removes its files.");
  interruptedCode = exitCode;
  await new Promise(() => undefined);
}
