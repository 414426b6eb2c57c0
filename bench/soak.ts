/**
 * Bench `soak`: a server process under full load for minutes, with the audit log on: a party's signed reads of a round and
 * of its progress, and one request in a hundred an officer's reading of the log, which is entered in it.
 * `npm run -s bench -- soak [--json]`; 5 s, a minute, or ten with BENCH=full. Each request is signed as it is sent; the load
 * generator has a core of its own where there are two.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { makeIdentity } from "#engine/round/identity.ts";
import { castOf } from "#fixtures/cast.ts";
import { machine, wantedScale, type Scale } from "./measurement.ts";
import { cpuSecondsOf, metricOf, startServer, stopServer, type RunningServer } from "./server-process.ts";
import { createRound, partySigning, signedHeaders, staffSigning } from "./signed-requests.ts";

const SECONDS: Record<Scale, number> = { smoke: 5, usual: 60, full: 600 };
const CONNECTIONS = 16;
const ROUND = "soak-1";
/** Of a hundred requests, in turn. */
const LOG_READS = 1;
const PROGRESS_READS = 19;
const SAMPLES = 60;
const MIB = 2 ** 20;

/**
 * @param args - After the bench's name.
 * @returns Exit code: 0 measured, 1 if a request was not answered with success.
 */
export async function soak(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean", default: false } } });
  const seconds = SECONDS[wantedScale()];
  const folder = mkdtempSync(join(tmpdir(), "aquila-bench-soak-"));
  try {
    const server = await startServer(folder, (key) => castOf(["AT", "HR"].map(makeIdentity), key), 1);
    try {
      await createRound(server, ROUND);
      const line = await load(server, seconds);
      if (values.json) console.log(JSON.stringify({ ...line, machine: machine() }));
      else
        console.log(
          Object.entries(line)
            .map(([name, value]) => `${name} ${value.toLocaleString("en")}`)
            .join("  "),
        );
      return line.refused + line.broken === 0 ? 0 : 1;
    } finally {
      await stopServer(server);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function load(server: RunningServer, seconds: number) {
  const { url, cast } = server;
  const [party, officer] = [partySigning(cast, "AT"), staffSigning(cast.officer)];
  const residentMb: number[] = [];
  const sampling = setInterval(
    () => {
      void metricOf(url, "process_resident_memory_bytes").then((bytes) => residentMb.push(bytes / MIB));
    },
    (1_000 * seconds) / SAMPLES,
  );
  const cpuBefore = await cpuSecondsOf(url);
  let asked = 0;
  let entered = 0;
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    requests: [
      {
        setupRequest: (request) => {
          const kind = asked++ % 100;
          const isLogRead = kind < LOG_READS;
          // What an earlier one of these has entered is there to be read.
          const path = isLogRead
            ? `/v1/audit/leaves?from=${Math.max(0, entered++ - CONNECTIONS)}`
            : `/v1/rounds/${ROUND}${kind < LOG_READS + PROGRESS_READS ? "/progress" : ""}`;
          return { ...request, path, headers: signedHeaders(isLogRead ? officer : party, "GET", url, path) };
        },
      },
    ],
  });
  clearInterval(sampling);
  const serverCpuSeconds = (await cpuSecondsOf(url)) - cpuBefore;
  const tenth = Math.max(1, Math.floor(residentMb.length / 10));
  return {
    bench: "soak",
    seconds,
    requests: result["2xx"],
    refused: result.non2xx,
    broken: result.errors + result.timeouts,
    requestsPerSecond: Math.round(result["2xx"] / result.duration),
    requestsPerServerCpuSecond: Math.round(result["2xx"] / serverCpuSeconds),
    medianMs: result.latency.p50,
    p99Ms: result.latency.p99,
    logEntries: entered,
    /** After the first tenth, in the last one, and at the most. */
    rssStartMb: Math.round(median(residentMb.slice(tenth, 2 * tenth))),
    rssEndMb: Math.round(median(residentMb.slice(-tenth))),
    rssMostMb: Math.round(Math.max(...residentMb)),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >>> 1] ?? NaN;
}
