/**
 * Captured requests of every kind, sent again as an attacker would: none is accepted twice. BENCH=full takes 10,000.
 */
import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeIdempotencyKey, signerOf, signRequest } from "#client/signature.ts";
import type { Identity, StaffIdentity } from "#engine/round/identity.ts";
import { IS_FULL, reportFigures } from "../figures.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  officerSigning,
  operatorSigning,
  removeHouse,
  startServer,
  type House,
  type RunningServer,
} from "./harness.ts";
import { send } from "./requests.ts";

const COUNT = IS_FULL ? 10_000 : 500;
const ROUNDS = 5;
const DAY_MS = 86_400_000;

type Captured = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | null;
};

let house: House;
let server: RunningServer;
let now = Date.now();
let captured: Captured[];
/** Entries of the log when everything had been sent once. */
let logSize: number;

beforeAll(async () => {
  house = makeHouse();
  // The clock stands still, so that nothing expires meanwhile; the server has been open for a while.
  house.clock = () => new Date(now);
  server = await startServer(house);
  now += 10_000;
  for (let number = 0; number < ROUNDS; number++)
    await send(server.url, operatorSigning(house), "POST", "/v1/rounds", makeDescriptor(house, { id: `r${number}` }));
  captured = [];
  for (let number = 0; number < COUNT; number++) {
    captured.push(await capture(number));
    // Signing alone lets no timer run, and a connection kept open would be closed unnoticed.
    if (number % 100 === 0) await setImmediate();
  }
  const statuses = await inLanes(captured, async (request) => {
    const answer = await ask(request);
    await answer.arrayBuffer();
    return answer.status;
  });
  expect(
    statuses.filter((status) => status === 401),
    "each was accepted once",
  ).toEqual([]);
  logSize = await sizeNow();
}, 600_000);
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});

/** Reads and writes of parties, operators and officers, in turn. */
async function capture(number: number): Promise<Captured> {
  const round = `/v1/rounds/r${number % ROUNDS}`;
  const [operator, officer, party] = [house.cast.operators[0], house.cast.officer, identityOf(house, "AT")];
  const kinds: readonly [Identity | StaffIdentity, string, string, unknown][] = [
    [party, "GET", round, undefined],
    [operator, "GET", `/v1/rounds?page=${number}`, undefined],
    [officer, "GET", `${round}/log`, undefined],
    [party, "GET", "/v1/audit/head", undefined],
    [operator, "POST", "/v1/rounds", makeDescriptor(house, { id: `new-${number}` })],
    [operator, "POST", `${round}/close`, undefined],
    [party, "PUT", `${round}/batches/AT/HR/chunks/0`, new Uint8Array(randomBytes(64))],
    [party, "DELETE", `${round}/batches/AT/HR`, undefined],
  ];
  const [identity, method, path, content] = kinds[number % kinds.length] ?? expect.fail("no kind");
  const body =
    content === undefined
      ? null
      : content instanceof Uint8Array
        ? new Uint8Array(content)
        : new TextEncoder().encode(JSON.stringify(content));
  const url = new URL(path, server.url);
  const headers = await signRequest(
    signerOf(identity),
    method,
    url,
    body ?? new Uint8Array(),
    house.clock(),
    makeIdempotencyKey(),
  );
  const type = content instanceof Uint8Array ? "application/octet-stream" : "application/json";
  return { method, path, headers: { ...headers, ...(body === null ? {} : { "content-type": type }) }, body };
}

function ask({ method, path, headers, body }: Captured): Promise<Response> {
  return fetch(server.url + path, { method, headers, body });
}

async function sizeNow(): Promise<number> {
  const { logSize: size } = await send(server.url, officerSigning(house), "GET", "/v1/audit/head");
  return size ?? expect.fail("the answer is not signed");
}

/** Sends every request once more, each changed. @returns How often each outcome came, by status and code. */
async function outcomes(change: (request: Captured) => Captured): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  await inLanes(captured, async (request) => {
    const answer = await ask(change(request));
    const text = await answer.text();
    const code = text === "" ? "" : ((JSON.parse(text) as { code?: string }).code ?? "");
    const outcome = `${answer.status} ${code}`.trim();
    found[outcome] = (found[outcome] ?? 0) + 1;
  });
  return found;
}

const REFUSED = { "401 request-signature": COUNT };

it("as they were", { timeout: 600_000 }, async () => {
  const found = await outcomes((request) => request);
  reportFigures("as they were", found);
  expect(found).toEqual(REFUSED);
});

it.each<[string, (request: Captured) => Captured]>([
  [
    "on another path",
    (request) => ({
      ...request,
      path: request.path.replace(/\/r(\d)/, "/r$1$1").replace(/\/v1\/[a-z]+$/, "/v1/roster"),
    }),
  ],
  [
    "with another query",
    (request) => ({ ...request, path: `${request.path}${request.path.includes("?") ? "&" : "?"}x=1` }),
  ],
  ["by another method", (request) => ({ ...request, method: request.method === "GET" ? "HEAD" : "GET", body: null })],
  ["as another party", withInput((input) => input.replace(/keyid="[^"]*"/, 'keyid="party:HR"'))],
  ["with another nonce", withInput((input) => input.replace(/nonce="[^"]*"/, `nonce="${"n".repeat(22)}"`))],
  [
    "with a later expiry",
    withInput((input) => input.replace(/expires=(\d+)/, (_all, at) => `expires=${Number(at) - 1}`)),
  ],
  ["with another body's digest", withHeader("content-digest", `sha-256=:${"A".repeat(43)}=:`)],
  ["with another idempotency key", withHeader("idempotency-key", "k".repeat(22))],
  ["without a signature", withHeader("signature", "")],
])("%s", { timeout: 600_000 }, async (name, change) => {
  const found = await outcomes(change);
  reportFigures(name, found);
  // HEAD has no body; a route that is not there is nobody's.
  const refused = ["401 request-signature", "401", "404 not-found"];
  expect(Object.keys(found).filter((outcome) => !refused.includes(outcome))).toEqual([]);
  expect(found["404 not-found"] ?? 0).toBeLessThan(COUNT / 2);
});

it(
  "after a restart, and after they have expired; nothing of all that was entered in the log",
  { timeout: 600_000 },
  async () => {
    expect(await sizeNow()).toBe(logSize);
    // Under the same name, since that is signed too, and before any of them expires.
    const port = Number(new URL(server.url).port);
    await server.app.close();
    now += 10_000;
    server = await startServer(house, { port });
    const restarted = await outcomes((request) => request);
    reportFigures("after a restart", restarted);
    expect(restarted).toEqual({ "503 server-starting": COUNT });
    now += DAY_MS;
    const expired = await outcomes((request) => request);
    reportFigures("after they have expired", expired);
    expect(expired).toEqual(REFUSED);
  },
);

it("dated ahead of the server's clock, after a restart", async () => {
  const before = house.clock;
  house.clock = () => new Date(now + 4_000);
  const ahead = await capture(0);
  house.clock = before;
  expect((await ask(ahead)).status).toBe(200);
  const port = Number(new URL(server.url).port);
  await server.app.close();
  now += 2_000;
  server = await startServer(house, { port });
  expect((await ask(ahead)).status).toBe(401);
});

function withHeader(name: string, value: string): (request: Captured) => Captured {
  return (request) => ({ ...request, headers: { ...request.headers, [name]: value } });
}

function withInput(change: (input: string) => string): (request: Captured) => Captured {
  return (request) => withHeader("signature-input", change(request.headers["signature-input"] ?? ""))(request);
}

/** A few at a time. @returns In the order of `all`. */
async function inLanes<T, R>(all: readonly T[], act: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < all.length; at = next++) done[at] = await act(all[at] as T);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  return done;
}
