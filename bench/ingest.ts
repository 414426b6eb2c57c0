/**
 * Bench `ingest`: batches sent by the client's own code to a server process of its own, until each is complete.
 * Counts the server's processor time, all of it and that of its event-loop thread, how late that one's turns were, and how
 * long /healthz took meanwhile, asked ten times a second.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { connect, type Connection } from "#client/http.ts";
import { manifestOf, MANIFEST_LABEL } from "#engine/batch/manifest.ts";
import { sizeClassOf } from "#engine/batch/size-class.ts";
import { canonicalBytes } from "#engine/canonical-json.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import { makeIdentity, signMessage, type Identity } from "#engine/round/identity.ts";
import { derivePairingKeys, makeConfirmation, makeRoundKey } from "#engine/round/keys.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { castOf, describeRound } from "#fixtures/cast.ts";
import { drawnBatch } from "./drawn-batches.ts";
import type { Bench, Measurement, Scale } from "./measurement.ts";
import { openRound, startServer, stopServer, type RunningServer } from "./server-process.ts";
import { benchHeader, chunksOf } from "./stored-batches.ts";

const SEED = 20_26;
const ROUND = "bench";
const SENDER = "AT";
const COUNTERPARTS = ["BG", "HR", "HU", "RO", "SI"];
/** Records declared, of batches of 1,000 and 800,000 rows; batches sent one after the other. */
const SIZES: Record<Scale, readonly [records: number, batches: number]> = {
  smoke: [950, 1],
  usual: [760_000, 2],
  full: [760_000, 5],
};
/** Period of the timer whose lateness the server's metrics measure. */
const LOOP_TIMER_MS = 10;
/** Clock ticks of /proc, of which Linux has always 100 a second. */
const TICKS_PER_SECOND = 100;

export const ingest: Bench = {
  name: "ingest",
  about:
    "batches over HTTP until complete: bytes per second and per processor second, p99 of the event loop's delay and of /healthz meanwhile",
  async *measure(scale) {
    const folder = mkdtempSync(join(tmpdir(), "aquila-bench-ingest-"));
    try {
      yield await measureIngest(folder, ...SIZES[scale]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measureIngest(folder: string, records: number, batches: number): Promise<Measurement> {
  const counterparts = COUNTERPARTS.slice(0, batches);
  const server = await startServer(folder, (key) => castOf([SENDER, ...counterparts].map(makeIdentity), key), 2);
  const { identities, operators } = server.cast;
  try {
    const as = (identity: Parameters<typeof connect>[0]["identity"]): Connection =>
      connect({ serverUrl: server.url, identity, secretariat: server.cast.roster.secretariat });
    const pairings = counterparts.map((id): [string, string] => [SENDER, id]);
    const setting = { id: ROUND, profile: SHIPPED_PROFILE, declaredRecords: records, now: new Date() };
    const descriptor = describeRound(server.cast, setting, { pairings });
    const { t0 } = await as(operators[0]).createRound(descriptor);
    await openRound(server.cast, as, descriptor, t0);
    const keyIds = await agree(descriptor, identities, as);
    const [sender] = identities;
    if (sender === undefined) throw new RangeError("a sender is wanted");
    const connection = as(sender);
    const before = processorSeconds(server);
    await loopDelayP99Ms(server.url);
    const stopProbe = probeHealth(server.url);
    const started = performance.now();
    let bytes = 0;
    let sendingMs = 0;
    const seconds: number[] = [];
    const whole = createHash("sha256");
    for (const [at, to] of counterparts.entries()) {
      const sent = await sendBatch(
        connection,
        sender,
        records,
        { to, keyId: keyIds.get(to) ?? "", at },
        await t1Of(connection),
      );
      bytes += sent.byteLength;
      sendingMs += sent.sendingMs;
      seconds.push(sent.sendingMs / 1_000);
      whole.update(sent.columnsDigest);
    }
    const elapsed = (performance.now() - started) / 1_000;
    const after = processorSeconds(server);
    const eventLoopDelayP99Ms = await loopDelayP99Ms(server.url);
    const healthMs = (await stopProbe()).toSorted((one, other) => one - other);
    seconds.sort((one, other) => one - other);
    const megabytes = bytes / 1e6;
    const used = { all: after.all - before.all, loop: after.loop - before.loop };
    return {
      size: {
        records,
        batches,
        bytes,
        elapsedMs: Math.round(elapsed * 1_000),
        serverCpuMs: Math.round(used.all * 1_000),
        eventLoopCpuMs: Math.round(used.loop * 1_000),
        megabytesPerCpuSecond: Math.round(megabytes / used.all),
        megabytesPerEventLoopSecond: Math.round(megabytes / used.loop),
        eventLoopDelayP99Ms: Number(eventLoopDelayP99Ms.toFixed(2)),
        healthP50Ms: Number((healthMs[healthMs.length >>> 1] ?? NaN).toFixed(2)),
        healthP99Ms: Number((healthMs[Math.floor(healthMs.length * 0.99)] ?? NaN).toFixed(2)),
      },
      rates: { bytesPerSecond: bytes / (sendingMs / 1_000) },
      medianMs: (seconds[seconds.length >>> 1] ?? NaN) * 1_000,
      repeats: batches,
      checksum: whole.digest("hex").slice(0, 16),
    };
  } finally {
    await stopServer(server);
  }
}

type Sent = { readonly byteLength: number; readonly sendingMs: number; readonly columnsDigest: string };

/** Drawing a chunk is not part of the time. */
async function sendBatch(
  connection: Connection,
  sender: Identity,
  records: number,
  { to, keyId, at }: { readonly to: string; readonly keyId: string; readonly at: number },
  t1: string,
): Promise<Sent> {
  const rows = sizeClassOf(Math.ceil(records * 1.05));
  const header = { ...benchHeader(SHIPPED_PROFILE, SENDER, to, rows), round: ROUND, keyId, t1 };
  const drawn = { profile: SHIPPED_PROFILE, rows, shared: Math.round(rows / 20), seed: SEED + at };
  const whole = createHash("sha256");
  const columns = createHash("sha256");
  const chunkDigests: string[] = [];
  let byteLength = 0;
  let sendingMs = 0;
  for (const chunk of chunksOf(drawnBatch(drawn, header, "a"))) {
    whole.update(chunk);
    // The header holds fresh keys.
    columns.update(chunk.subarray(chunkDigests.length === 0 ? 4_096 : 0));
    const index = chunkDigests.length;
    chunkDigests.push(createHash("sha256").update(chunk).digest("base64url"));
    byteLength += chunk.length;
    const started = performance.now();
    await connection.putChunk(ROUND, SENDER, to, index, chunk);
    sendingMs += performance.now() - started;
  }
  const manifest = manifestOf(header, chunkDigests, whole.digest("base64url"), byteLength);
  const started = performance.now();
  const signature = signMessage(sender, MANIFEST_LABEL, canonicalBytes(manifest));
  const { state } = await connection.putManifest(ROUND, { manifest, signature });
  if (state !== "complete") throw new Error("ingest: the batch is not complete");
  return { byteLength, sendingMs: sendingMs + performance.now() - started, columnsDigest: columns.digest("hex") };
}

async function t1Of(connection: Connection): Promise<string> {
  const { t1 } = await connection.round(ROUND);
  if (t1 === null) throw new RangeError("the round has no T1");
  return t1;
}

/** Takes the round to submitting. @returns Key ids of the sender's pairings by counterpart. */
async function agree(
  { pairings }: RoundDescriptor,
  identities: readonly Identity[],
  as: (identity: Identity) => Connection,
): Promise<ReadonlyMap<string, string>> {
  const secrets = new Map<string, string>();
  for (const identity of identities) {
    const connection = as(identity);
    const { posted, secret } = makeRoundKey(identity, (await connection.round(ROUND)).t0);
    secrets.set(identity.party, secret);
    await connection.postRoundKey(ROUND, posted);
  }
  const keyIds = new Map<string, string>();
  for (const identity of identities) {
    const connection = as(identity);
    const { keys, t1 } = await connection.round(ROUND);
    if (t1 === null) throw new RangeError("the round has no T1");
    const own = { party: identity.party, secret: secrets.get(identity.party) ?? "" };
    for (const pairing of pairings.filter((ids) => ids.includes(own.party))) {
      const other = keys.find(({ party }) => party !== own.party && pairing.includes(party));
      if (other === undefined) throw new RangeError("a round key is missing");
      const derived = derivePairingKeys(own, other, t1);
      await connection.postConfirmation(ROUND, makeConfirmation(derived, t1, own.party, other.party));
      if (own.party === SENDER) keyIds.set(other.party, derived.keyId);
    }
  }
  return keyIds;
}

/** Asks /healthz on a thread of its own, since drawing a chunk holds up this one. @returns What ends it and gives its times. */
function probeHealth(url: string): () => Promise<number[]> {
  const probe = new Worker(new URL("./health-probe.ts", import.meta.url), { workerData: { url } });
  return async () => {
    probe.postMessage("stop");
    const [timesMs] = (await once(probe, "message")) as [number[]];
    return timesMs;
  };
}

/** @returns What 99 of 100 turns of the server's event loop were late at most, milliseconds, since it was last asked. */
async function loopDelayP99Ms(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const seconds = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(metrics)?.[1];
  return Number(seconds) * 1_000 - LOOP_TIMER_MS;
}

/** Processor time so far, seconds: of the whole process and of its first thread; not a number where there is no /proc. */
function processorSeconds({ child }: RunningServer): { readonly all: number; readonly loop: number } {
  const folder = `/proc/${child.pid ?? 0}`;
  const ticks = (file: string): number => {
    if (!existsSync(file)) return NaN;
    // Fields 14 and 15 of proc(5)'s stat; the second, a name in brackets, may hold blanks.
    const fields = readFileSync(file, "utf8").split(") ")[1]?.split(" ").map(Number) ?? [];
    return (fields[11] ?? NaN) + (fields[12] ?? NaN);
  };
  const own = ticks(`${folder}/stat`);
  return { all: own / TICKS_PER_SECOND, loop: ticks(`${folder}/task/${child.pid ?? 0}/stat`) / TICKS_PER_SECOND };
}
