/**
 * Who may use which route: every one that the server has, by every method, for each kind of caller and each owner.
 * The routes are those that the server itself announces: one without a case here fails.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SignedManifest } from "#engine/batch/manifest.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { keyIdOfParty } from "#engine/round/requests.ts";
import { RISK_INDICATORS } from "#engine/statistics/figures.ts";
import { reportFigures } from "../figures.ts";
import {
  makeDescriptor,
  makeHouse,
  officerSigning,
  operatorSigning,
  partySigning,
  removeHouse,
  startServer,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Answer, type Signing } from "./requests.ts";
import { ROUTES, type Who } from "./routes.ts";

const ID = "test-1";
const DIGEST = "A".repeat(43);
const SIGNATURE = "A".repeat(86);
const MANIFEST: SignedManifest = {
  manifest: {
    byteLength: 8,
    chunkDigests: [DIGEST],
    digest: DIGEST,
    format: "aquila/manifest/v1",
    from: "AT",
    round: ID,
    to: "HR",
  },
  signature: SIGNATURE,
};
const OF_ROUND = { round: ID, signature: SIGNATURE };
/** A body of the right shape for each route that takes one. */
const BODIES: Readonly<Record<string, unknown>> = {
  "PUT /keys/:party": { party: "AT", publicKey: DIGEST, signature: SIGNATURE },
  "PUT /confirmations/:from/:to": { from: "AT", to: "HR", keyId: "A".repeat(22), mac: DIGEST },
  "PUT /batches/:from/:to/chunks/:index": new Uint8Array(8),
  "PUT /batches/:from/:to/manifest": MANIFEST,
  "PUT /answers/:from/:to": new Uint8Array(8),
  "PUT /approvals/:act/:operator": { act: "open", operator: "op-1", t0: DIGEST, t2: null, ...OF_ROUND },
  "PUT /holds/:officer": { decision: "hold", officer: "dpo-1", pairing: ["AT", "HR"], t2: DIGEST, ...OF_ROUND },
  "PUT /seals/:party": { party: "AT", t2: DIGEST, ...OF_ROUND },
  "PUT /withdrawals/:party": { party: "AT", t0: DIGEST, ...OF_ROUND },
  "PUT /acknowledgements/:party": { digest: DIGEST, party: "AT", t2: DIGEST, ...OF_ROUND },
  "PUT /statuses/:party": [{ hit: "A".repeat(22), party: "AT", status: "confirmed", ...OF_ROUND }],
  "PUT /reports/:party": {
    count: 1,
    kind: "unproven",
    of: 1,
    pairing: ["AT", "HR"],
    party: "AT",
    t2: DIGEST,
    ...OF_ROUND,
  },
  "PUT /statistics/:party": {
    categories: { suspect: null },
    counterparts: { one: null, two: null, three: null, "four-or-more": null },
    epsilon: "1/6",
    format: "aquila/statistics/v1",
    party: "AT",
    riskIndicators: Object.fromEntries(RISK_INDICATORS.map((indicator) => [indicator, null])),
    round: ID,
  },
  "POST /v1/operations/benches": { bench: "join", scale: "smoke" },
  "PUT /v1/audit/cosignatures/:party": { party: "AT", root: DIGEST, size: 1, signature: SIGNATURE },
  "POST /disputes": {
    kind: "confirmation",
    counterpart: "HR",
    party: "AT",
    t0: DIGEST,
    ...OF_ROUND,
  },
};
const QUERIES: Readonly<Record<string, string>> = {
  "/v1/statistics": "?year=2026",
  "/v1/audit/consistency": "?first=0&second=1",
  "/v1/audit/inclusion": "?number=0&size=1",
  "/v1/audit/leaves": "?from=0",
};
/** What answers without a signature: nothing of parties. */
const PUBLIC = ["/healthz", "/metrics", "/openapi.json", "/docs", "/docs/*", "/", "/assets/*"];
/** By all of these each path is asked, whether the server has the method there or not. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] as const;

let house: House;
let server: RunningServer;
/** `METHOD path` of each route, as the server adds it. */
const announced = new Set<string>();
/** Two parties of the round, one that is not in it, staff, one whose key nobody knows, and one without a key. */
let callers: Readonly<Record<CallerName, Signing | null>>;
const CALLERS = ["AT", "HR", "SI", "op-1", "op-2", "dpo-1", "stranger", "nobody"] as const;
type CallerName = (typeof CALLERS)[number];
/** Whose object a path names: the last one is nobody's. */
const OWNERS: Readonly<Record<"party" | "operator" | "officer", readonly string[]>> = {
  party: ["AT", "HR", "SI", "ZZ"],
  operator: ["op-1", "op-2", "op-9"],
  officer: ["dpo-1", "dpo-9"],
};
const UNKNOWN_ROUND = "test-9";

beforeAll(async () => {
  const watch = (message: unknown): void => {
    (message as { fastify: FastifyInstance }).fastify.addHook("onRoute", ({ method, url }) => {
      for (const one of [method].flat()) announced.add(`${one} ${url}`);
    });
  };
  subscribe("fastify.initialization", watch);
  house = makeHouse();
  server = await startServer(house);
  unsubscribe("fastify.initialization", watch);
  callers = {
    AT: partySigning(house, "AT"),
    HR: partySigning(house, "HR"),
    SI: partySigning(house, "SI"),
    "op-1": operatorSigning(house, 0),
    "op-2": operatorSigning(house, 1),
    "dpo-1": officerSigning(house),
    stranger: { ...partySigning(house, "AT"), signSecret: makeIdentity("AT").signSecret, keyId: keyIdOfParty("AT") },
    nobody: null,
  };
  await send(server.url, operatorSigning(house), "POST", "/v1/rounds", descriptor());
});
const counted = { routes: ROUTES.length, requests: 0, refusedAsSpecified: 0 };
afterAll(async () => {
  reportFigures("access", counted);
  await server.app.close();
  removeHouse(house);
});

/** One question: which route, about whose object in which round. */
type Case = {
  readonly method: string;
  readonly path: string;
  readonly owner: string;
  readonly round: string;
};

/** @returns The kind of owner that the path names; null if it names none. */
function ownerKindOf(path: string): keyof typeof OWNERS | null {
  if (/:(party|from)/.test(path)) return "party";
  if (path.endsWith("/:operator")) return "operator";
  return path.endsWith("/:officer") ? "officer" : null;
}

/** The path of GET answers names first who gives them, and then whose they are to fetch. */
function isFetchedByLast({ method, path }: Case): boolean {
  return method !== "PUT" && path.endsWith("/answers/:from/:to");
}

function placesOf(asked: Case): Readonly<Record<string, string>> {
  const other = asked.owner === "AT" ? "HR" : "AT";
  const [from, to] = isFetchedByLast(asked) ? [other, asked.owner] : [asked.owner, other];
  const { owner, round } = asked;
  return {
    round,
    from,
    to,
    party: owner,
    act: "open",
    operator: owner,
    officer: owner,
    index: "0",
    id: "A".repeat(22),
    channel: "mail",
  };
}

/** Names what the path names. */
function bodyOf(asked: Case): unknown {
  const { method, path, owner, round } = asked;
  if (method === "POST" && path === "/v1/rounds") return descriptor();
  const body = BODIES[`${method} ${path.replace("/v1/rounds/:round", "")}`];
  if (body === undefined || body instanceof Uint8Array) return body;
  const named = JSON.stringify(body)
    .replaceAll(`"round":"${ID}"`, `"round":"${round}"`)
    .replaceAll(
      /"(party|operator|officer)":"([^"]*)"/g,
      (_all, kind: string, named: string) => `"${kind}":"${owner || named}"`,
    )
    .replace(/"from":"[^"]*"/, `"from":"${placesOf(asked)["from"] ?? ""}"`)
    .replace(/"to":"[^"]*"/, `"to":"${placesOf(asked)["to"] ?? ""}"`);
  return JSON.parse(named) as unknown;
}

function descriptor(): unknown {
  const parties = ["AT", "HR"].map((id) => ({ id, declaredRecords: 90 }));
  return makeDescriptor(house, { id: ID, pairings: [["AT", "HR"]], parties });
}

async function ask(caller: CallerName, asked: Case): Promise<Answer> {
  const { method, path } = asked;
  const places = placesOf(asked);
  const target = path.replaceAll(/:([a-z]+)/g, (_all, name: string) => places[name] ?? "") + (QUERIES[path] ?? "");
  counted.requests += 1;
  const signing = callers[caller];
  const body = bodyOf(asked);
  if (signing !== null) return send(server.url, signing, method, target, body);
  const answer = await fetch(server.url + target, {
    method,
    ...(body === undefined ? {} : { body: "{}", headers: { "content-type": "application/json" } }),
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const type = answer.headers.get("content-type") ?? "";
  return { status: answer.status, type, bytes, text: new TextDecoder().decode(bytes), logSize: null, retryAfter: null };
}

/** What a caller is refused with; null when it may. */
function refusalOf(caller: CallerName, who: Who, { owner, path, round }: Case): string | null {
  if (caller === "stranger" || caller === "nobody") return "request-signature";
  const isParty = caller === "AT" || caller === "HR" || caller === "SI";
  const hasRound = path.includes(":round");
  const isForeign = hasRound && (round !== ID || (isParty && caller === "SI"));
  const unknown = isForeign ? "round-unknown" : null;
  const own = unknown ?? (caller === owner ? null : "not-found");
  // Whether the signer may sign for another is asked before there is a round to look for.
  const ownName = caller === owner ? unknown : "request-invalid";
  switch (who) {
    case "all":
      return unknown;
    case "party":
      return isParty ? unknown : "request-forbidden";
    case "self or staff":
      return isParty ? own : unknown;
    case "self":
      return isParty ? own : "request-forbidden";
    case "staff":
      return isParty ? "request-forbidden" : unknown;
    case "operator":
      if (!caller.startsWith("op-")) return "request-forbidden";
      return path.endsWith("/:operator") ? ownName : unknown;
    case "officer":
      if (caller !== "dpo-1") return "request-forbidden";
      return path.endsWith("/:officer") ? ownName : unknown;
  }
}

const STATUS_OF: Readonly<Record<string, number>> = {
  "request-signature": 401,
  "request-forbidden": 403,
  "request-invalid": 400,
  "round-unknown": 404,
  "not-found": 404,
};

/** The answer without the names that the caller sent, and with its length. */
function sameness({ status, type, text, bytes }: Answer, { owner, round }: Case): unknown {
  const named = text.replaceAll(round, "ROUND").replaceAll(new RegExp(`/${owner}(?=[/"])`, "g"), "/OWNER");
  return { status, type, text: named, length: bytes.length - owner.length - round.length };
}

function casesOf(method: string, path: string): Case[] {
  const kind = ownerKindOf(path);
  const owners = kind === null ? [""] : OWNERS[kind];
  const rounds = path.includes(":round") ? [ID, UNKNOWN_ROUND] : [ID];
  return owners.flatMap((owner) => rounds.map((round) => ({ method, path, owner, round })));
}

const isThere = (method: string, path: string): boolean =>
  ROUTES.some(([one, at]) => at === path && (one === method || (one === "GET" && method === "HEAD")));

it("the cases are those of the server's own routes", () => {
  const isPublic = (route: string): boolean =>
    PUBLIC.some((path) => new RegExp(`^(GET|HEAD) ${path.replace("*", ".*")}$`).test(route));
  const signed = ROUTES.flatMap(([method, path]) =>
    method === "GET" ? [`GET ${path}`, `HEAD ${path}`] : [`${method} ${path}`],
  );
  expect([...announced].filter((route) => !isPublic(route)).sort()).toEqual(signed.sort());
  for (const path of PUBLIC.slice(0, 3)) expect(announced).toContain(`GET ${path}`);
});

// Whoever aborts the round leaves an erased one: last.
const byEffect = [...ROUTES].sort(
  ([, one], [, other]) => Number(one.endsWith("/abort")) - Number(other.endsWith("/abort")),
);
describe.each(byEffect.map(([method, path, who]) => [`${method} ${path}`, method, path, who] as const))(
  "%s",
  (_name, method, path, who) => {
    const methods = method === "GET" ? ["GET", "HEAD"] : [method];
    it.each(CALLERS)("for %s, whosever object it names", async (caller) => {
      for (const asked of methods.flatMap((one) => casesOf(one, path))) {
        const answer = await ask(caller, asked);
        const refusal = refusalOf(caller, who, asked);
        counted.refusedAsSpecified += Number(refusal !== null);
        const about = `${asked.method} of ${asked.owner} in ${asked.round}`;
        if (refusal === null) {
          expect([401, 403, 500], about).not.toContain(answer.status);
          if (asked.method === "HEAD") continue;
          expect(["round-unknown", "not-found", "request-invalid"], about).not.toContain(codeOf(answer));
        } else {
          expect(answer.status, about).toBe(STATUS_OF[refusal]);
          if (asked.method !== "HEAD") expect(codeOf(answer), about).toBe(refusal);
        }
      }
    });
  },
);

describe("what is not the caller's answers like what is not there, to the byte", () => {
  it.each(ROUTES.filter(([, path]) => path.includes(":round")).map(([method, path]) => [method, path] as const))(
    "%s %s: a round of others",
    async (method, path) => {
      const owner = ownerKindOf(path) === "party" ? "SI" : (OWNERS[ownerKindOf(path) ?? "party"][0] ?? "");
      const [theirs, none] = [ID, UNKNOWN_ROUND].map((round) => ({ method, path, owner, round }));
      if (theirs === undefined || none === undefined) throw new RangeError("two cases are wanted");
      expect(sameness(await ask("SI", theirs), theirs)).toEqual(sameness(await ask("SI", none), none));
    },
  );

  it.each(ROUTES.filter(([, path]) => ownerKindOf(path) !== null).map(([method, path]) => [method, path] as const))(
    "%s %s: an object of others",
    async (method, path) => {
      const kind = ownerKindOf(path) ?? "party";
      const [caller, owner = "", unknown = ""] = (
        { party: ["AT", "HR", "ZZ"], operator: ["op-1", "op-2", "op-9"], officer: ["dpo-1", "dpo-8", "dpo-9"] } as const
      )[kind];
      const [theirs, none] = [owner, unknown].map((one) => ({ method, path, owner: one, round: ID }));
      if (theirs === undefined || none === undefined) throw new RangeError("two cases are wanted");
      expect(sameness(await ask(caller, theirs), theirs)).toEqual(sameness(await ask(caller, none), none));
    },
  );
});

describe("a method that a path does not have answers all alike, and like a path that is not there", () => {
  it.each([...new Set(ROUTES.map(([, path]) => path))])("%s", async (path) => {
    const nowhere = { method: "GET", path: "/v1/nowhere", owner: "", round: ID };
    const expected = { ...(JSON.parse((await ask("AT", nowhere)).text) as object), instance: "" };
    for (const method of METHODS.filter((one) => !isThere(one, path)))
      for (const asked of casesOf(method, path).filter(({ round }) => round === ID))
        for (const caller of CALLERS) {
          const answer = await ask(caller, asked);
          expect(answer.status, `${method} for ${caller}`).toBe(404);
          if (method !== "HEAD") expect({ ...(JSON.parse(answer.text) as object), instance: "" }).toEqual(expected);
        }
  });
});
