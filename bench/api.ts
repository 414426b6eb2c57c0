/**
 * Bench `api`: signed small requests of one party to a server process of its own on loopback: a round, its progress, and
 * its progress as a stream of events, which of a round that is not matched has one event.
 * `npm run -s bench -- api [--json]`; sizes by BENCH as for every bench.
 * Each request has its own nonce; all are signed before the clock starts, so that signing is not measured.
 * The load generator may share the server's core: `requestsPerServerCpuSecond` counts the server's CPU time alone.
 */
import { createHash, randomBytes, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { RoundView } from "#engine/round/messages.ts";
import { privateKeyOf } from "#engine/round/raw-key.ts";
import {
  contentDigestOf,
  IDEMPOTENCY_FIELD,
  isWrite,
  keyIdOfParty,
  keyIdOfStaff,
  MAX_SIGNATURE_AGE_S,
  SIGNATURE_ALGORITHM,
  SIGNATURE_LABEL,
  SIGNATURE_TAG,
  requestBase,
  signedComponents,
} from "#engine/round/requests.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { castOf, describeRound } from "#fixtures/cast.ts";
import { machine, SCALES, type Scale } from "./measurement.ts";
import { startServer, stopServer } from "./server-process.ts";

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
const NONCE_BYTES = 16;
/** autocannon builds a request before it knows whether it will be sent. */
const SPARE = 4 * CONNECTIONS;

type Signing = { readonly keyId: string; readonly signSecret: string };

/** Times of the answers to a fixed number of requests, milliseconds, how long all took, and the server's CPU time over it. */
type Run = { readonly latenciesMs: readonly number[]; readonly totalMs: number; readonly serverCpuSeconds: number };

/**
 * @param args - After the bench's name.
 * @returns Exit code: 0 measured, 64 wrong usage.
 * @throws Error if an answer is not the round.
 */
export async function api(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean", default: false } } });
  const wantedScale = process.env["BENCH"] ?? "usual";
  const scale = SCALES.find((known) => known === wantedScale);
  if (scale === undefined) {
    console.error("BENCH is smoke, usual or full");
    return 64;
  }
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
  const party: Signing = { keyId: keyIdOfParty("AT"), signSecret: cast.identities[0]?.signSecret ?? "" };
  const [operator] = cast.operators;
  try {
    const create = { keyId: keyIdOfStaff("operator", operator.id), signSecret: operator.signSecret };
    const setting = { id: ROUND, profile: SHIPPED_PROFILE, declaredRecords: 1_000, now: new Date() };
    const body = JSON.stringify(describeRound(cast, setting));
    const created = await fetch(`${url}/v1/rounds`, {
      method: "POST",
      headers: { "content-type": "application/json", ...signedHeaders(create, "POST", url, "/v1/rounds", body) },
      body,
    });
    if (created.status !== 201) throw new Error(`api: no round was made: ${await created.text()}`);
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

/** @returns User and system time of the server's process so far, seconds. */
async function cpuSecondsOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1]);
}

/** Signed as docs/spec/api.md's worked example is, at once; the client's library can only do so later. */
function signedHeaders(
  { keyId, signSecret }: Signing,
  method: string,
  url: string,
  path: string,
  body = "",
): Record<string, string> {
  const digest = contentDigestOf(new TextEncoder().encode(body));
  const created = Math.floor(Date.now() / 1_000);
  const nonce = randomBytes(NONCE_BYTES).toString("base64url");
  const components = `(${signedComponents(method)
    .map((name) => `"${name}"`)
    .join(" ")})`;
  const idempotencyKey = isWrite(method) ? nonce : null;
  const times = `created=${created};expires=${created + MAX_SIGNATURE_AGE_S}`;
  const names = `nonce="${nonce}";keyid="${keyId}";alg="${SIGNATURE_ALGORITHM}";tag="${SIGNATURE_TAG}"`;
  const parameters = `${components};${times};${names}`;
  const request = { method, authority: new URL(url).host, path, query: "?", contentDigest: digest, idempotencyKey };
  const base = requestBase(request, parameters);
  const signature = sign(null, Buffer.from(base), privateKeyOf("ed25519", signSecret)).toString("base64");
  return {
    "content-digest": digest,
    ...(idempotencyKey === null ? {} : { [IDEMPOTENCY_FIELD]: idempotencyKey }),
    "signature-input": `${SIGNATURE_LABEL}=${parameters}`,
    signature: `${SIGNATURE_LABEL}=:${signature}:`,
  };
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
