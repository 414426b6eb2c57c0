/**
 * Damaged batches, damaged signed heads and requests drawn from /openapi.json, at a server process: each gets an answer
 * with a known code, no failure but 503, and the process grows by little. BENCH=full sends as many as docs/spec/api.md's
 * promises are held against, and prints what it saw.
 */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeIdempotencyKey, signerOf, signRequest } from "#client/signature.ts";
import { checkBatch } from "#engine/batch/check.ts";
import { readBatch } from "#engine/batch/read.ts";
import type { BatchHeader } from "#engine/batch/header.ts";
import { LinkageError, PROBLEM_CODES } from "#engine/errors.ts";
import { uniformBelow } from "#engine/uniform.ts";
import { seeded } from "../../engine/statistics/seeded.ts";
import { IS_FULL, reportFigures } from "../../figures.ts";
import { openSubmission } from "../acts.ts";
import {
  batchPath,
  headerOf,
  identityOf,
  makeBatch,
  makeDescriptor,
  makeHouse,
  officerSigning,
  operatorSigning,
  partySigning,
  PROFILE,
  removeHouse,
  submitBatch,
  type House,
} from "../harness.ts";
import { kill, startProcess, type ServerProcess } from "../process.ts";
import { codeOf, send, type Answer, type Signing } from "../requests.ts";
import { mutatedBytes, mutatedText, type Draw } from "./mutations.ts";
import { RawClient } from "./raw-client.ts";
import { valuesOf, type Schema } from "./schema-values.ts";

const COUNTS = IS_FULL
  ? { batches: 200_000, uploads: 2_000, heads: 100_000, requests: 20_000 }
  : { batches: 2_000, uploads: 60, heads: 2_000, requests: 400 };
const SEED = 6;
const MOST_GROWTH_BYTES = 64 * 2 ** 20;
/** Of any answer; more than the second that is wanted, since the machine may be busy with something else. */
const LONGEST_MS = 5_000;
const TIMEOUT_MS = 7_200_000;
const ROUND = "fuzz-1";

let house: House;
let server: ServerProcess;
let header: BatchHeader;
let bytes: Uint8Array;
/** Of the server process, once it has met a few of each kind. */
let firstRss: number | null = null;
let slowestMs = 0;

beforeAll(async () => {
  house = makeHouse();
  server = await startProcess(house, { requestsPerMinute: 1_000_000, leastHoursBetweenRounds: 0 });
  const { view, keys } = await openSubmission(house, server.url, makeDescriptor(house, { id: ROUND }));
  header = headerOf(view, keys, "AT", "HR");
  bytes = makeBatch(header).bytes;
});
afterAll(async () => {
  await kill(server.child, "SIGTERM");
  removeHouse(house);
});

const drawOf = (name: string): Draw => uniformBelow(seeded(`${name} ${SEED}`));

/** Resident bytes of the server process. */
function rss(): number {
  const status = readFileSync(`/proc/${server.child.pid ?? 0}/status`, "utf8");
  return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

/** @param done - Of `all`. The first tenth warms it up. */
function watchRss(done: number, all: number): void {
  if (done >= all / 10) firstRss ??= rss();
}

function checkRss(about: string, outcomes: Outcomes): void {
  const grown = rss() - (firstRss ?? rss());
  reportFigures(about, {
    ...outcomes.counts,
    grownMb: Math.round(grown / 2 ** 20),
    slowestMs: Math.round(slowestMs),
  });
  expect(grown).toBeLessThan(MOST_GROWTH_BYTES);
  expect(server.child.exitCode, "the server runs").toBeNull();
  firstRss = null;
  slowestMs = 0;
}

/** How often each outcome came. */
class Outcomes {
  readonly #counts = new Map<string, number>();
  count(outcome: string): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }
  get counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
  get names(): string[] {
    return [...this.#counts.keys()];
  }
}

/** What an answer may be. @returns Its status and code. @throws if it is a failure of the server, or slow. */
function outcomeOf(status: number, text: string, milliseconds: number): string {
  slowestMs = Math.max(slowestMs, milliseconds);
  expect(milliseconds).toBeLessThan(LONGEST_MS);
  if (status >= 500) expect(status, text).toBe(503);
  if (status < 400) return String(status);
  const code = /"code":"([a-z-]+)"/.exec(text)?.[1] ?? "";
  return `${status} ${code}`;
}

it("a damaged batch is read, or refused with a code of batches", { timeout: TIMEOUT_MS }, async () => {
  const draw = drawOf("batches");
  const { round, t1, from, to, profile, keyId, rowCount } = header;
  const expected = { round, t1, from, to, profile, keyId, rowCount };
  const outcomes = new Outcomes();
  for (let left = COUNTS.batches; left > 0; left--) {
    // A connection kept open would be closed unnoticed.
    if (left % 100 === 0) await setImmediate();
    const damaged = mutatedBytes(bytes, draw);
    const whole = codeBy(() => readBatch(damaged, PROFILE, expected));
    const piecewise = codeBy(() => {
      const check = checkBatch(PROFILE, expected, damaged.length);
      // The first piece holds the header; the rest come as they do from the disk.
      const first = Math.min(damaged.length, 4_104 + 8 * draw(64));
      check.feed(damaged.slice(0, first));
      for (let at = first; at < damaged.length; at += 512) check.feed(damaged.slice(at, at + 512));
      check.finish();
    });
    expect(piecewise).toBe(whole);
    outcomes.count(whole);
  }
  reportFigures("batches", outcomes.counts);
  expect(outcomes.names.filter((name) => !/^(batch-|accepted)/.test(name))).toEqual([]);
  expect(outcomes.names.length).toBeGreaterThan(8);
});

function codeBy(act: () => void): string {
  try {
    act();
    return "accepted";
  } catch (error) {
    if (error instanceof LinkageError) return error.code;
    throw error;
  }
}

it(
  "a damaged batch that is uploaded is taken, or refused with a code of batches",
  { timeout: TIMEOUT_MS },
  async () => {
    const draw = drawOf("uploads");
    const outcomes = new Outcomes();
    for (let done = 0; done < COUNTS.uploads; done++) {
      const damaged = mutatedBytes(bytes, draw);
      const begun = performance.now();
      const answer = await submitBatch(house, server.url, header, damaged);
      outcomes.count(outcomeOf(answer.status, answer.text, performance.now() - begun));
      if (answer.status === 200) await send(server.url, partySigning(house, "AT"), "DELETE", batchPath(header));
      watchRss(done, COUNTS.uploads);
    }
    checkRss("uploads", outcomes);
    expect(outcomes.names.filter((name) => !/^(200|422 (batch|chunk)-)/.test(name))).toEqual([]);
  },
);

/** A request's head as its parts, so that each can be damaged. */
type Head = { method: string; path: string; fields: [name: string, value: string][] };

async function signedHead(number: number): Promise<Head> {
  const staff = house.cast.operators[0];
  const kinds = [
    [identityOf(house, "AT"), "GET", `/v1/rounds/${ROUND}`],
    [staff, "GET", "/v1/rounds"],
    [staff, "POST", `/v1/rounds/${ROUND}/cancel`],
    [identityOf(house, "AT"), "DELETE", `/v1/rounds/${ROUND}/batches/AT/HR`],
  ] as const;
  const [identity, method, path] = kinds[number % kinds.length] ?? expect.fail("no kind");
  const url = new URL(path, server.url);
  const signed = await signRequest(signerOf(identity), method, url, new Uint8Array(), new Date(), makeIdempotencyKey());
  return { method, path, fields: [["host", url.host], ...Object.entries(signed)] };
}

function headText({ method, path, fields }: Head): string {
  return `${method} ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/** Changes one part of it. */
function mutatedHead({ method, path, fields }: Head, draw: Draw): Head {
  const at = draw(fields.length + 2);
  if (at === fields.length) return { method, fields, path: mutatedText(path, draw).replaceAll(/[ \t]/g, "") };
  if (at > fields.length)
    return { path, fields, method: ["GET", "PUT", "HEAD", "PATCH", "GETS", "get"][draw(6)] ?? "" };
  const [name, value] = fields[at] ?? expect.fail("no field");
  const changed: Head["fields"] = [
    [[name, mutatedText(value, draw)]],
    [[mutatedText(name, draw).replaceAll(/[: \t]/g, ""), value]],
    [
      [name, value],
      [name, mutatedText(value, draw)],
    ],
    [],
  ][Math.max(0, draw(8) - 4)] as Head["fields"];
  return { method, path, fields: fields.toSpliced(at, 1, ...changed) };
}

/** What of a head is signed or says how to read it, without the blanks around values that HTTP drops. */
function meaningOf({ method, path, fields }: Head): string {
  const read = fields
    .map(([name, value]) => `${name.toLowerCase()}: ${value.replace(/^[ \t]+|[ \t]+$/g, "")}`)
    .filter((line) => /^(host|signature|signature-input|content-digest|idempotency-key): /.test(line));
  return [method, path, ...read].join("\n");
}

it("a damaged signed head is refused", { timeout: TIMEOUT_MS }, async () => {
  const draw = drawOf("heads");
  const client = new RawClient(server.url);
  const outcomes = new Outcomes();
  const passed: string[] = [];
  let head = await signedHead(0);
  for (let done = 0; done < COUNTS.heads; done++) {
    if (done % 25 === 0) head = await signedHead(draw(4));
    const damaged = mutatedHead(head, draw);
    const answer = await client.ask(headText(damaged));
    if (answer === null) outcomes.count("closed");
    else {
      outcomes.count(outcomeOf(answer.status, answer.body, answer.milliseconds));
      const isPublic = /^\/(healthz|metrics|openapi\.json|docs)/.test(damaged.path);
      if (answer.status < 400 && !isPublic && meaningOf(damaged) !== meaningOf(head)) passed.push(headText(damaged));
      // Its nonce is spent.
      if (answer.status !== 401) head = await signedHead(draw(4));
    }
    watchRss(done, COUNTS.heads);
  }
  client.close();
  checkRss("heads", outcomes);
  expect(passed).toEqual([]);
  expect(outcomes.names).not.toContain("closed");
  expect(outcomes.names).toContain("401 request-signature");
});

type Operation = {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
};
type OpenApi = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

const CALLERS = ["AT", "HR", "SI", "op-1", "op-2", "dpo-1"];

/** A request as the document has it. */
type Drawn = {
  /** Id of who asks. */
  readonly caller: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
};

function requestsOf({ paths, components: { schemas } }: OpenApi): fc.Arbitrary<Drawn> {
  const parties = ["AT", "HR", "SI"];
  const staff = { operator: ["op-1", "op-2"], officer: ["dpo-1"] };
  const names = {
    ...staff,
    round: [ROUND, "fuzz-2"],
    party: parties,
    from: parties,
    to: parties,
    pairing: parties,
    index: ["0"],
    year: ["2026"],
  };
  const signed = Object.entries(paths).filter(([path]) => path.startsWith("/v1/"));
  const operations = signed.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const requests = operations.map(({ path, method, operation: { parameters = [], requestBody } }) => {
    const values = fc.tuple(
      ...parameters.map(({ name, schema }) => valuesOf(schema, schemas, names, name).map(textOf)),
    );
    const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
    const body =
      content === undefined
        ? fc.constant(undefined)
        : type === "application/octet-stream"
          ? fc.uint8Array({ maxLength: 200 })
          : valuesOf(content.schema, schemas, names);
    return fc
      .record({ other: fc.option(fc.constantFrom(...CALLERS), { freq: 1 }), method: fc.constant(method), values, body })
      .map(({ other, values: given, ...rest }) => {
        let target = path;
        const query = new URLSearchParams();
        for (const [at, { name, in: place }] of parameters.entries())
          if (place === "path") target = target.replace(`{${name}}`, encodeURIComponent(given[at] ?? ""));
          else query.set(name, given[at] ?? "");
        // Mostly the one that the path is about.
        const own = CALLERS.find((id) => given.includes(id)) ?? "op-1";
        return { ...rest, caller: other ?? own, path: query.size === 0 ? target : `${target}?${query.toString()}` };
      });
  });
  return fc.oneof(...requests);
}

/** As it can stand in a path: well-formed and not too long. */
function textOf(value: unknown): string {
  return (typeof value === "string" ? value : JSON.stringify(value)).toWellFormed().slice(0, 300);
}

it("whatever request the OpenAPI document describes is answered", { timeout: TIMEOUT_MS }, async () => {
  const document = JSON.parse(await (await fetch(`${server.url}/openapi.json`)).text()) as OpenApi;
  await openSubmission(house, server.url, makeDescriptor(house, { id: "fuzz-2" }));
  const callers: Readonly<Record<string, Signing>> = {
    AT: partySigning(house, "AT"),
    HR: partySigning(house, "HR"),
    SI: partySigning(house, "SI"),
    "op-1": operatorSigning(house, 0),
    "op-2": operatorSigning(house, 1),
    "dpo-1": officerSigning(house),
  };
  const outcomes = new Outcomes();
  let done = 0;
  await fc.assert(
    fc.asyncProperty(requestsOf(document), async ({ caller, method, path, body }) => {
      const begun = performance.now();
      const answer: Answer = await send(server.url, callers[caller] ?? expect.fail("no caller"), method, path, body);
      outcomes.count(outcomeOf(answer.status, answer.text, performance.now() - begun));
      if (answer.status >= 400) expect(PROBLEM_CODES as readonly string[], answer.text).toContain(codeOf(answer));
      watchRss(done++, COUNTS.requests);
    }),
    { seed: SEED, numRuns: COUNTS.requests },
  );
  checkRss("requests", outcomes);
  expect(outcomes.names.length).toBeGreaterThan(8);
});
