/**
 * Who may use which route: every one under /v1, for each kind of caller.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SignedManifest } from "#engine/batch/manifest.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { keyIdOfParty } from "#engine/round/requests.ts";
import { RISK_INDICATORS } from "#engine/statistics/published.ts";
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
const PLACES: Readonly<Record<string, string>> = {
  round: ID,
  from: "AT",
  to: "HR",
  party: "AT",
  act: "open",
  operator: "op-1",
  officer: "dpo-1",
  index: "0",
};

let house: House;
let server: RunningServer;
/** By kind: the party that the paths name, another of the round, one that is not in it, staff, and nobody known. */
let callers: Readonly<Record<"self" | "other" | "foreign" | "operator" | "officer" | "stranger", Signing>>;
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
  callers = {
    self: partySigning(house, "AT"),
    other: partySigning(house, "HR"),
    foreign: partySigning(house, "SI"),
    operator: operatorSigning(house),
    officer: officerSigning(house),
    stranger: { ...partySigning(house, "AT"), signSecret: makeIdentity("AT").signSecret, keyId: keyIdOfParty("AT") },
  };
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});

type Caller = keyof typeof callers;

/** What a caller is refused with; null when it may. The counterpart's answers are the other's to fetch. */
function refusalOf(caller: Caller, who: Who, hasRound: boolean): string | null {
  if (caller === "stranger") return "request-signature";
  const isParty = caller === "self" || caller === "other" || caller === "foreign";
  const isOfRound = caller !== "foreign" || !hasRound;
  const forParty = isOfRound ? null : "round-unknown";
  switch (who) {
    case "all":
      return isParty ? forParty : null;
    case "party":
      return isParty ? forParty : "request-forbidden";
    case "self or staff":
      return isParty ? ownRefusal(caller, forParty) : null;
    case "self":
      return isParty ? ownRefusal(caller, forParty) : "request-forbidden";
    case "staff":
      return isParty ? "request-forbidden" : null;
    case "operator":
    case "officer":
      return caller === who ? null : "request-forbidden";
  }
}

function ownRefusal(caller: Caller, forParty: string | null): string | null {
  return caller === "self" ? null : (forParty ?? "not-found");
}

async function ask(caller: Caller, method: string, path: string): Promise<Answer> {
  const place = path.replaceAll(/:([a-z]+)/g, (_all, name: string) => PLACES[name] ?? "");
  const body = path === "/v1/rounds" && method === "POST" ? descriptor() : bodyOf(method, path);
  const query = QUERIES[path] ?? "";
  return send(server.url, callers[caller], method, place + query, body);
}

function bodyOf(method: string, path: string): unknown {
  return BODIES[`${method} ${path.replace("/v1/rounds/:round", "")}`];
}

function descriptor(): unknown {
  const parties = ["AT", "HR"].map((id) => ({ id, declaredRecords: 90 }));
  return makeDescriptor(house, { id: ID, pairings: [["AT", "HR"]], parties });
}

const REFUSED = ["request-forbidden", "round-unknown", "not-found", "request-signature"];

describe.each(ROUTES.map(([method, path, who]) => [`${method} ${path}`, method, path, who] as const))(
  "%s",
  (_name, method, path, who) => {
    it.each(["stranger", "foreign", "other", "self", "officer", "operator"] as const)("for %s", async (caller) => {
      // Whoever aborted it leaves an erased round, of which the rest is refused by its state.
      await send(server.url, operatorSigning(house), "POST", "/v1/rounds", descriptor());
      // The path of GET answers names first who gives them.
      const isCounterparts = method === "GET" && path.endsWith("/answers/:from/:to");
      const swapped = { self: "other", other: "self" } as const;
      const asked = isCounterparts && (caller === "self" || caller === "other") ? swapped[caller] : caller;
      const code = codeOf(await ask(asked, method, path));
      const refusal = refusalOf(caller, who, path.includes(":round"));
      if (refusal === null) expect([...REFUSED, "request-invalid", "internal"]).not.toContain(code);
      else expect(code).toBe(refusal);
    });
  },
);

describe("a request without a signature", () => {
  it.each(ROUTES.map(([method, path]) => [`${method} ${path}`, method, path] as const))(
    "%s is refused",
    async (_name, method, path) => {
      const place = path.replaceAll(/:([a-z]+)/g, (_all, name: string) => PLACES[name] ?? "");
      const body = method === "GET" ? {} : { body: "{}", headers: { "content-type": "application/json" } };
      const answer = await fetch(server.url + place, { method, ...body });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, "request-signature"]);
    },
  );
});
