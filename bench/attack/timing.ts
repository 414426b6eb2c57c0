/**
 * Attack `timing`: what lengths and times tell. Packages with hits against those without; refusals of a request against each other,
 * which could tell who is on the roster, how much of a signature is right or which nonces were used.
 * Times are measured in the process, where a network would drown them, and once over HTTP.
 */
import { generateKeyPairSync, randomBytes, verify, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { joinColumns } from "#engine/match/join.ts";
import { answersLength } from "#engine/round/answers.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { sealPackage, type Hit } from "#engine/round/package.ts";
import { keyIdOfParty } from "#engine/round/requests.ts";
import { castOf } from "#fixtures/cast.ts";
import { Draws } from "#fixtures/draws.ts";
import { signersOf } from "#server/caller.ts";
import { freshFileName, packageContext, readEncrypted, writeEncrypted } from "#server/encrypted-file.ts";
import { makeNonces } from "#server/nonces.ts";
import { verifySignature, type SignedHead } from "#server/signature.ts";
import type { Scale } from "../measurement.ts";
import { startServer, stopServer } from "../server-process.ts";
import { partySigning, signedHeaders, type Signing } from "../signed-requests.ts";
import { freshDataKey } from "../stored-batches.ts";
import type { Attack, Finding } from "./finding.ts";
import { viewPairing } from "./pairing-view.ts";
import { makeScene } from "./scene.ts";
import { interleavedTimes, inTurn, largestT, medianOf, type Times } from "./welch.ts";

/** Calls of each kind; none at the smallest size, which is part of the tests, and no test asserts a time. */
const SAMPLES: Record<Scale, { readonly inProcess: number; readonly http: number }> = {
  smoke: { inProcess: 0, http: 0 },
  usual: { inProcess: 5_000, http: 500 },
  full: { inProcess: 100_000, http: 5_000 },
};
/** Above it dudect takes a difference for real. */
const MOST_T = 4.5;
/** Requests of each kind that are made beforehand; few enough to be signed within the minute that a signature lives. */
const POOL = 2_500;
/** Of each kind, at a time. */
const FILES = 64;
const URL = "http://127.0.0.1:1";
const PATH = "/v1/rounds";

export const timing: Attack = {
  name: "timing",
  about: "lengths and times of packages and refusals, Welch's t (Reparaz, Balasch & Verbauwhede 2017)",
  async *run(scale, seed): AsyncIterable<Finding> {
    yield* lengths();
    const { inProcess, http } = SAMPLES[scale];
    if (inProcess === 0) return;
    const draws = new Draws(seed);
    yield* refusals(inProcess, draws);
    yield* packages(inProcess, draws);
    yield* overHttp(http, draws);
    yield* joins(inProcess, draws, seed);
  },
};

/** Refusals of requests that are right in all but the one thing. */
const LATE_REFUSAL = /not that of a known key|nonce was used/;
/** Hits up to the smallest class. */
const HIT_COUNTS = [0, 1, 20, 63, 64];

async function* lengths(): AsyncIterable<Finding> {
  const measure = "different lengths, less one";
  const variant = `packages and answers of ${HIT_COUNTS.join(", ")} hits`;
  const sealed = await Promise.all(HIT_COUNTS.map(sealedPackage));
  const further = (lengthsOf: readonly number[]): number => new Set(lengthsOf).size - 1;
  const figure = further(sealed.map(({ length }) => length)) + further(HIT_COUNTS.map(answersLength));
  yield { variant, against: "ours", measure, figure, most: 0 };
  const bare = HIT_COUNTS.map((count) => canonicalBytes(hitsOf(count)).length);
  yield { variant: `${variant}, not padded`, against: "control", measure, figure: further(bare), above: 0 };
}

const BOX = makeIdentity("AT");

function sealedPackage(hitCount: number): Promise<Uint8Array> {
  const t2 = randomBytes(32).toString("base64url");
  const section = { counterpart: "HR", key: randomBytes(32), hits: hitsOf(hitCount) };
  return sealPackage({ round: "timed", t2, party: "AT", sections: [section] }, BOX.boxKey);
}

function hitsOf(count: number): Hit[] {
  const text = (bytes: number): string => randomBytes(bytes).toString("base64url");
  return Array.from({ length: count }, () => ({
    band: "high",
    cells: text(8),
    handle: text(16),
    hit: text(16),
    pattern: 3,
  }));
}

/** Requests that are refused, each kind for a reason of its own. */
async function* refusals(samples: number, draws: Draws): AsyncIterable<Finding> {
  const cast = castOf(["AT", "HR"].map(makeIdentity), "A".repeat(43));
  const genuine = partySigning(cast, "AT");
  const wrong: Signing = { ...genuine, signSecret: makeIdentity("AT").signSecret };
  const unknown: Signing = { ...wrong, keyId: keyIdOfParty("ZZ") };
  const signers = signersOf(cast.roster);
  const cases: readonly Case[] = [
    { variant: "unknown key against wrong signature", make: [() => requestOf(unknown), () => requestOf(wrong)] },
    {
      variant: "signature wrong in its first byte against in its last",
      make: [0, 63].map((at) => () => requestOf(genuine, (signature) => flipped(signature, at))),
    },
    {
      variant: "used nonce against a fresh one, both signed wrongly",
      make: [() => requestOf(genuine), () => requestOf(genuine)],
      isUsed: true,
      change: (signature) => flipped(signature, 0),
    },
    // Told, not judged: verification takes as long as its key has it.
    {
      variant: "wrong signature under one known key against another",
      make: [() => requestOf(wrong), () => requestOf({ ...wrong, keyId: keyIdOfParty("HR") })],
      isTold: true,
    },
  ];
  for (const one of cases) {
    // Signatures differ in the time that they take: each is measured once, or few of them would stand for a kind.
    const parts: Times[] = [];
    for (let done = 0; done < samples; done += POOL) {
      const heads = pooled(one, draws);
      // All are signed, so that none is of the future.
      const now = new Date();
      const check = { signers, nonces: makeNonces(), clock: () => now, openedSecond: 0, scheme: "http" as const };
      // Both kinds are read before, in turns, or what was read earlier or never would take longer.
      const elsewhere = makeNonces();
      if (one.isUsed === true)
        heads[0].forEach((head, at) => {
          verifySignature(check, head);
          verifySignature({ ...check, nonces: elsewhere }, heads[1][at] as SignedHead);
        });
      const measured =
        one.change === undefined ? heads : heads.map((some) => some.map((head) => changed(head, one.change)));
      parts.push(
        await interleavedTimes(Math.min(POOL, samples - done), draws, (kind, at) => {
          refuse(check, measured[kind]?.[at] as SignedHead);
        }),
      );
    }
    const times = joined(parts);
    yield { ...judged(one.variant, times), against: "ours", ...(one.isTold === true ? {} : { most: MOST_T }) };
  }
  yield* nonceLookups(samples, draws);
  yield* leaky(samples, draws);
}

type Case = {
  readonly variant: string;
  /** A request of each kind. */
  readonly make: readonly (() => SignedHead)[];
  /** Those of the first kind were sent before, those of the second to another server. */
  readonly isUsed?: boolean;
  /** Of the signatures of both kinds, once the first are sent. */
  readonly change?: (signature: string) => string;
  readonly isTold?: boolean;
};

/** Made one by one, either kind first at random: what is made later lies elsewhere in memory and is read faster. */
function pooled({ make }: Case, draws: Draws): [SignedHead[], SignedHead[]] {
  const heads: [SignedHead[], SignedHead[]] = [[], []];
  for (let at = 0; at < POOL; at++)
    for (const kind of inTurn(draws)) heads[kind].push((make[kind] as () => SignedHead)());
  return heads;
}

/** @throws whatever is no refusal of a request that is right in all but one thing. */
function refuse(check: Parameters<typeof verifySignature>[0], head: SignedHead): void {
  try {
    verifySignature(check, head);
  } catch (error) {
    if (error instanceof LinkageError && LATE_REFUSAL.test(error.message)) return;
    throw error;
  }
  throw new RangeError("timing: a request that should be refused is taken");
}

function joined(parts: readonly Times[]): Times {
  const all = (kind: 0 | 1): Float64Array => Float64Array.from(parts.flatMap((part) => [...part[kind]]));
  return [all(0), all(1)];
}

/** A nonce that begins like one used before, against one that does not: neither was used. */
async function* nonceLookups(samples: number, draws: Draws): AsyncIterable<Finding> {
  const drawn = (): string => randomBytes(16).toString("base64url");
  const known = Array.from({ length: POOL }, drawn);
  const nonces = makeNonces();
  for (const nonce of known) nonces.use(nonce, 1, 0);
  // Through bytes, so that each is a text of its own in memory, as those of requests are.
  const like = (nonce: string, at: number): string =>
    Buffer.from(`${nonce.slice(0, -4)}~${at.toString(36).padStart(4, "0")}`).toString();
  const pairs = Array.from({ length: samples }, (_, at) => {
    const pair = ["", ""];
    // Both kinds leave the same behind in memory: one is drawn for each.
    for (const kind of inTurn(draws)) pair[kind] = like([known[at % POOL] ?? "", drawn()][kind] ?? "", at);
    return pair;
  });
  const times = await interleavedTimes(samples, draws, (kind, at) => nonces.use(pairs[at]?.[kind] ?? "", 1, 0));
  yield { ...judged("nonce that begins like a used one against a random one", times), against: "ours", most: MOST_T };
}

/** Programs that tell: one that compares byte by byte until two differ, and one that verifies for known keys only. */
async function* leaky(samples: number, draws: Draws): AsyncIterable<Finding> {
  const secret = randomBytes(64);
  const guesses = [0, 63].map((at) => Array.from({ length: POOL }, () => flippedBytes(secret, at)));
  const compared = await interleavedTimes(samples, draws, (kind, at) =>
    isEqualEarly(secret, guesses[kind]?.[at % POOL] ?? secret),
  );
  const variant = "comparison that ends at the first byte that differs";
  yield { ...judged(variant, compared), against: "control", above: MOST_T };
  const keys = new Map<string, KeyObject>([["known", generateKeyPairSync("ed25519").publicKey]]);
  const [message, signature] = [randomBytes(400), randomBytes(64)];
  const looked = await interleavedTimes(samples, draws, (kind) => {
    const key = keys.get(kind === 0 ? "known" : "other");
    return key !== undefined && verify(null, message, key, signature);
  });
  yield { ...judged("verification for known keys only", looked), against: "control", above: MOST_T };
}

function isEqualEarly(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** Files as the server keeps them, of no hits and of sixty. */
async function* packages(samples: number, draws: Draws): AsyncIterable<Finding> {
  const folder = mkdtempSync(join(tmpdir(), "aquila-bench-timing-"));
  try {
    const key = freshDataKey();
    const context = packageContext("timed", "AT");
    const parts: Times[] = [];
    for (let done = 0; done < samples; done += POOL) {
      const files: [string[], string[]] = [[], []];
      for (let file = 0; file < FILES; file++)
        for (const kind of inTurn(draws)) {
          const name = freshFileName();
          await writeEncrypted(folder, name, key, context, await sealedPackage(kind === 0 ? 0 : 60));
          files[kind].push(name);
        }
      const read = (kind: 0 | 1, at: number): unknown =>
        readEncrypted(folder, files[kind][at % FILES] ?? "", key, context);
      parts.push(await interleavedTimes(Math.min(POOL, samples - done), draws, read));
    }
    const times = joined(parts);
    yield { ...judged("package read for download, no hits against sixty", times), against: "ours", most: MOST_T };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function* overHttp(samples: number, draws: Draws): AsyncIterable<Finding> {
  const folder = mkdtempSync(join(tmpdir(), "aquila-bench-timing-"));
  const server = await startServer(folder, (key) => castOf(["AT", "HR"].map(makeIdentity), key), 1);
  try {
    const wrong = { ...partySigning(server.cast, "AT"), signSecret: makeIdentity("AT").signSecret };
    const senders = [{ ...wrong, keyId: keyIdOfParty("ZZ") }, wrong] as const;
    const heads = senders.map((signing) =>
      Array.from({ length: samples }, () => signedHeaders(signing, "GET", server.url, PATH)),
    );
    const answers = new Set<string>();
    const times = await interleavedTimes(samples, draws, async (kind, at) => {
      const answer = await fetch(server.url + PATH, { headers: heads[kind]?.[at] ?? {} });
      answers.add(`${answer.status} ${(await answer.text()).length}`);
    });
    const variant = "unknown key against wrong signature, over HTTP";
    yield { ...judged(variant, times), against: "ours", most: MOST_T };
    yield { variant, against: "ours", measure: "different answers, less one", figure: answers.size - 1, most: 0 };
  } finally {
    await stopServer(server);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Told, not judged: who watches a round's progress sees about how long its join takes. */
async function* joins(samples: number, draws: Draws, seed: number): AsyncIterable<Finding> {
  const [shared, apart] = await Promise.all(
    [0.2, 0].map(async (overlap) => {
      const scene = await makeScene({ seed, recordsPerParty: 1_000, partyCount: 2, overlap });
      const [own = "", other = ""] = scene.parties;
      return viewPairing(scene.encodedOf(own), scene.encodedOf(other));
    }),
  );
  const times = await interleavedTimes(Math.min(samples, 2_000), draws, (kind) => {
    const view = kind === 0 ? shared : apart;
    return view?.a.batch.columns.map((column, rule) => joinColumns(column, view.b.batch.columns[rule] ?? column));
  });
  yield { ...judged("join of 1,000 records, a fifth shared against none", times), against: "ours" };
}

function judged(variant: string, times: Times) {
  const [first, second] = times.map((some) => 1_000 * medianOf(some));
  const also = { samples: times[0].length, firstMedianUs: first ?? NaN, secondMedianUs: second ?? NaN };
  return { variant, measure: "Welch's |t|, largest of six crops", figure: largestT(times), also };
}

/** @param change - Of the signature, base64. */
function requestOf(signing: Signing, change?: (signature: string) => string): SignedHead {
  const host = new globalThis.URL(URL).host;
  const headers = signedHeaders(signing, "GET", URL, PATH);
  return changed({ method: "GET", url: PATH, headers, raw: { headersDistinct: { host: [host] } } }, change);
}

function changed(head: SignedHead, change: (signature: string) => string = (same) => same): SignedHead {
  const signature = String(head.headers.signature).replace(/[A-Za-z0-9+/]{86}==/, change);
  return { ...head, headers: { ...head.headers, signature } };
}

function flipped(base64: string, at: number): string {
  return flippedBytes(Buffer.from(base64, "base64"), at).toString("base64");
}

function flippedBytes(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
