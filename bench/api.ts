/**
 * Bench `api`: signed small requests of one party to a server process of its own on loopback: a round, its progress, and
 * its progress as a stream of events, which of a round that is not matched has one event.
 * `npm run -s bench -- api [--json]`; sizes by BENCH as for every bench.
 * Each request has its own nonce; all are signed before the clock starts, so that signing is not measured.
 * The load generator may share the server's core: `requestsPerServerCpuSecond` counts the server's CPU time alone.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { RoundView } from "#engine/round/messages.ts";
import { castOf } from "#fixtures/cast.ts";
import { machine, wantedScale, type Scale } from "./measurement.ts";
import { createRound, partySigning, signedHeaders, type Signing } from "./signed-requests.ts";
import { cpuSecondsOf, startServer, stopServer } from "./server-process.ts";

const CONNECTIONS = 8;
const REQUESTS: Record<Scale, number> = { smoke: 200, usual: 5_000, full: 20_000 };
const ROUND = "bench-1";
const ROUND_PATH = `/v1/rounds/${ROUND}`;
/** What is asked, by name. */
const PATHS = {
  round: ROUND_PATH,
  progress: `${ROUND_PATH}/progress`,
  events: `${ROUND_PATH}/progress/events`,
} as const;
/** autocannon builds a request before it knows whether it will be sent. */
const SPARE = 4 * CONNECTIONS;

/** Times of the answers to a fixed number of requests, milliseconds, how long all took, and the server's CPU time over it. */
type Run = { readonly latenciesMs: readonly number[]; readonly totalMs: number; readonly serverCpuSeconds: number };

/**
 * @param args - After the bench's name.
 * @returns Exit code: 0 measured.
 * @throws Error if an answer is not the round.
 */
export async function api(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean", default: false } } });
  const scale = wantedScale();
  const folder = mkdtempSync(join(tmpdir(), "aquila-bench-api-"));
  try {
    for (const measured of await measureIn(folder, REQUESTS[scale])) console.log(lineOf(measured, values.json));
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Measured = Run & { readonly asked: string; readonly checksum: string };

async function measureIn(folder: string, requests: number): Promise<Measured[]> {
  const server = await startServer(folder, (key) => castOf(["AT", "HR"].map(makeIdentity), key), 1);
  const { url, cast } = server;
  const party = partySigning(cast, "AT");
  try {
    await createRound(server, ROUND);
    const measured: Measured[] = [];
    for (const [asked, path] of Object.entries(PATHS)) {
      const wanted = await (await fetch(url + path, { headers: signedHeaders(party, "GET", url, path) })).text();
      await run(url, path, party, CONNECTIONS, wanted);
      const result = await run(url, path, party, requests, wanted);
      measured.push({ ...result, asked, checksum: checksumOf(asked, wanted, requests) });
    }
    return measured;
  } finally {
    await stopServer(server);
  }
}

/** Sends `requests` signed requests over {@link CONNECTIONS} connections. @throws Error if an answer is not `wanted`. */
async function run(url: string, path: string, signing: Signing, requests: number, wanted: string): Promise<Run> {
  const signed = Array.from({ length: requests + SPARE }, () => signedHeaders(signing, "GET", url, path));
  const latenciesMs: number[] = [];
  const cpuBefore = await cpuSecondsOf(url);
  const started = performance.now();
  let endedAt = started;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const cannon = autocannon(
      {
        url: url + path,
        connections: CONNECTIONS,
        amount: requests,
        verifyBody: (body) => body?.toString() === wanted,
        requests: [
          {
            setupRequest: (request) => {
              const headers = signed.pop();
              if (headers === undefined) throw new RangeError("api: more requests were built than signed");
              return { ...request, headers };
            },
          },
        ],
      },
      (error: unknown, whole: autocannon.Result) => {
        if (error instanceof Error) reject(error);
        else resolve(whole);
      },
    );
    cannon.on("response", (_client, _status, _bytes, latencyMs) => {
      latenciesMs.push(latencyMs);
      endedAt = performance.now();
    });
  });
  if (result["2xx"] !== requests || result.mismatches > 0 || result.errors > 0 || latenciesMs.length !== requests)
    throw new Error(
      `api: of ${requests} requests ${result["2xx"]} are answered, ${result.mismatches} not with the round`,
    );
  const serverCpuSeconds = (await cpuSecondsOf(url)) - cpuBefore;
  return { latenciesMs: latenciesMs.sort((one, other) => one - other), totalMs: endedAt - started, serverCpuSeconds };
}

/** @returns 16 hexadecimal digits over the answer, without what fresh keys and the clock put into it, and their number. */
function checksumOf(asked: string, answer: string, requests: number): string {
  const hash = createHash("sha256");
  if (asked === "round") {
    const view = RoundView.parse(JSON.parse(answer));
    const lasting = {
      ...view,
      createdAt: "",
      t0: "",
      descriptor: { ...view.descriptor, roster: "", agreements: [], deadlines: {} },
      requests,
    };
    hash.update(canonicalBytes(lasting));
  } else hash.update(`${answer}${requests}`);
  return hash.digest("hex").slice(0, 16);
}

function lineOf({ latenciesMs, totalMs, serverCpuSeconds, asked, checksum }: Measured, asJson: boolean): string {
  const requests = latenciesMs.length;
  const percentile = (share: number): number =>
    Number((latenciesMs[Math.min(requests - 1, Math.floor(requests * share))] ?? NaN).toFixed(3));
  const line = {
    bench: "api",
    asked,
    size: { requests, connections: CONNECTIONS },
    requestsPerSecond: Math.round(requests / (totalMs / 1_000)),
    requestsPerServerCpuSecond: Math.round(requests / serverCpuSeconds),
    medianMs: percentile(0.5),
    p99Ms: percentile(0.99),
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1_024),
    checksum,
    machine: machine(),
  };
  if (asJson) return JSON.stringify(line);
  const { requestsPerSecond, requestsPerServerCpuSecond, medianMs, p99Ms } = line;
  const counted = `requests ${requests.toLocaleString("en")}, connections ${CONNECTIONS}`;
  return `api ${asked.padEnd(8)}  ${counted}  ${requestsPerSecond} requests/s  ${requestsPerServerCpuSecond} requests/CPU s  median ${medianMs} ms  p99 ${p99Ms} ms  ${checksum}`;
}
