/**
 * Opening: two different operators, agreements in both directions, and the time between two rounds of one pairing.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeIdentity } from "#engine/round/identity.ts";
import { RoundView } from "#engine/round/messages.ts";
import { signStatement } from "#engine/round/statement.ts";
import { agreementsOf } from "#fixtures/cast.ts";
import { approve, approveOnce, matchRound, openSubmission, sealedRound } from "./acts.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  officerSigning,
  operatorSigning,
  partySigning,
  removeHouse,
  signAnew,
  startServer,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Signing } from "./requests.ts";

const HOUR_MS = 3_600_000;
let house: House;
let server: RunningServer;
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house, { leastHoursBetweenRounds: 24 });
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});
afterEach(() => {
  house.clock = () => new Date();
});

const create = (changes: Parameters<typeof makeDescriptor>[1]) =>
  send(server.url, operatorSigning(house), "POST", "/v1/rounds", makeDescriptor(house, changes));

/** A field of its own keeps rounds of one test apart from those of the others. */
async function draft(id: string): Promise<RoundView> {
  const agreements = agreementsIn(id);
  return viewIn(await create({ id, field: id, agreements }));
}

function agreementsIn(field: string): RoundView["descriptor"]["agreements"] {
  const { agreements } = makeDescriptor(house);
  return agreements.map((agreement) => signAnew(house, agreement, { field }));
}

async function stateOf(id: string): Promise<string> {
  return viewIn(await send(server.url, operatorSigning(house), "GET", `/v1/rounds/${id}`)).state;
}

describe("opening", () => {
  it("takes two different operators; one of them twice is one", async () => {
    const view = await draft("two");
    const once = async (which: 0 | 1): Promise<RoundView> =>
      viewIn(await approveOnce(house, server.url, "open", view, which));
    expect(await once(0)).toMatchObject({ state: "draft", approvals: [{ act: "open", operator: "op-1" }] });
    expect(await once(0)).toMatchObject({ state: "draft", approvals: [{ act: "open", operator: "op-1" }] });
    expect((await once(1)).state).toBe("opened");
    expect((await once(1)).state, "the same again").toBe("opened");
  });

  it("is refused to parties and officers, under whatever name", async () => {
    const view = await draft("roles");
    const { officer, operators } = house.cast;
    const put = async (signing: Signing, operator: string, keys: { signKey: string; signSecret: string }) => {
      const body = { act: "open" as const, operator, round: "roles", t0: view.t0, t2: null };
      const approval = signStatement(keys, "approval", body);
      return codeOf(await send(server.url, signing, "PUT", `/v1/rounds/roles/approvals/open/${operator}`, approval));
    };
    expect(await put(partySigning(house, "AT"), "op-1", identityOf(house, "AT"))).toBe("request-forbidden");
    expect(await put(officerSigning(house), "dpo-1", officer)).toBe("request-forbidden");
    expect(await put(operatorSigning(house, 0), "op-1", operators[1]), "another's signature").toBe(
      "statement-signature",
    );
    expect(await put(operatorSigning(house, 0), "op-2", operators[1]), "in another's name").toBe("request-invalid");
    expect(await put(operatorSigning(house, 0), "op-1", identityOf(house, "AT"))).toBe("statement-signature");
    expect(viewIn(await approveOnce(house, server.url, "open", view, 0)).approvals).toHaveLength(1);
  });

  it("is refused in a path that names another operator than the body", async () => {
    const view = await draft("paths");
    const [operator] = house.cast.operators;
    const body = { act: "open" as const, operator: "op-1", round: "paths", t0: view.t0, t2: null };
    const approval = signStatement(operator, "approval", body);
    for (const path of ["open/op-2", "release/op-1"])
      expect(
        codeOf(await send(server.url, operatorSigning(house), "PUT", `/v1/rounds/paths/approvals/${path}`, approval)),
      ).toBe("request-invalid");
  });

  it("is refused for another T0 or T2, and for an act of another state", async () => {
    const view = await draft("other-t0");
    const another = `${"B".repeat(42)}A`;
    expect(codeOf(await approveOnce(house, server.url, "open", { ...view, t0: another }, 0))).toBe(
      "statement-signature",
    );
    expect(codeOf(await approveOnce(house, server.url, "open", { ...view, t2: another }, 0))).toBe(
      "statement-signature",
    );
    for (const act of ["release", "erase"] as const)
      expect(codeOf(await approveOnce(house, server.url, act, view, 0))).toBe("round-state");
    expect(await stateOf("other-t0")).toBe("draft");
  });

  it("serves its own descriptor: what is opened takes no other under its id", async () => {
    const view = await draft("fixed");
    await approve(house, server.url, "open", view);
    const changed = { ...view.descriptor, lowestBand: "high" as const };
    const answer = await send(server.url, operatorSigning(house), "POST", "/v1/rounds", changed);
    expect(codeOf(answer)).toBe("round-descriptor-invalid");
    const same = await send(server.url, operatorSigning(house), "POST", "/v1/rounds", view.descriptor);
    expect(viewIn(same)).toMatchObject({ state: "opened", t0: view.t0 });
  });
});

describe("a descriptor is refused, and leaves no folder and no key,", () => {
  it.each<[string, () => Parameters<typeof makeDescriptor>[1]]>([
    ["when an agreement is missing", () => ({ agreements: makeDescriptor(house).agreements.slice(1) })],
    [
      "when one is signed by somebody else",
      () => ({
        agreements: makeDescriptor(house).agreements.map((agreement) =>
          agreement.from === "HR" ? signAnew(house, agreement, {}, "AT") : agreement,
        ),
      }),
    ],
    [
      "when one was changed after it was signed",
      () => ({
        agreements: makeDescriptor(house).agreements.map((agreement) => ({
          ...agreement,
          validUntil: "2100-01-01T00:00:00Z",
        })),
      }),
    ],
    ["when they are for another field", () => ({ field: "drugs" })],
    [
      "when they end before the follow-up",
      () => {
        const { deadlines } = makeDescriptor(house);
        return { deadlines: { ...deadlines, followUp: "2099-01-01T00:00:00Z" } };
      },
    ],
    [
      "when it names a party that the roster lacks",
      () => {
        const identities = [identityOf(house, "AT"), makeIdentity("RO")];
        const pairings: [string, string][] = [["AT", "RO"]];
        return {
          agreements: agreementsOf(identities, pairings, house.clock()),
          pairings,
          parties: ["AT", "RO"].map((id) => ({ id, declaredRecords: 90 })),
        };
      },
    ],
    ["when its margin is below the profile's", () => ({ informationMarginBits: 3 })],
    [
      "when the first deadline has passed",
      () => ({ deadlines: { ...makeDescriptor(house).deadlines, keys: "2020-01-01T00:00:00Z" } }),
    ],
  ])("%s", async (_name, changes) => {
    const before = readdirSync(join(house.folder, "keys", "data-keys"));
    expect(codeOf(await create({ id: "refused", ...changes() }))).toBe("round-descriptor-invalid");
    expect(readdirSync(join(house.dataDir, "rounds"))).not.toContain("refused");
    expect(readdirSync(join(house.folder, "keys", "data-keys"))).toEqual(before);
  });
});

describe("a pairing without agreement", () => {
  it("has no confirmation, no batch and no hit, though both parties are in the round", async () => {
    const view = await draft("denied");
    const { keys } = await openSubmission(house, server.url, view.descriptor);
    expect(keys.get("HR")?.has("SI")).toBe(false);
    const confirmation = { from: "HR", to: "SI", keyId: "A".repeat(22), mac: "A".repeat(43) };
    const asHR = async (method: string, path: string, body?: unknown) =>
      codeOf(await send(server.url, partySigning(house, "HR"), method, `/v1/rounds/denied${path}`, body));
    expect(await asHR("PUT", "/confirmations/HR/SI", confirmation)).toBe("pairing-unknown");
    expect(await asHR("PUT", "/batches/HR/SI/chunks/0", new Uint8Array(8))).toBe("pairing-unknown");
    expect(await asHR("GET", "/batches/HR/SI")).toBe("pairing-unknown");
    expect(await asHR("PUT", "/answers/HR/SI", new Uint8Array(8))).toBe("pairing-unknown");
    const seen = viewIn(await send(server.url, operatorSigning(house), "GET", "/v1/rounds/denied"));
    expect(seen.pairings.map(({ pairing }) => pairing.join("-"))).toEqual(["AT-HR", "AT-SI"]);
    expect(seen.progress.pairingsTotal).toBe(2);
  });
});

describe("between two rounds of one pairing for one field", () => {
  const attempt = async (id: string, field: string): Promise<string> =>
    codeOf(await create({ id, field, agreements: agreementsIn(field) }));

  const abort = (id: string) => send(server.url, operatorSigning(house), "POST", `/v1/rounds/${id}/abort`);

  it("one is under way at a time; another field, and an attempt after one that was aborted before matching, need not wait", async () => {
    expect(await attempt("interval-1", "smuggling")).toBe("201");
    expect(await attempt("interval-2", "smuggling")).toBe("round-descriptor-invalid");
    expect(await attempt("interval-3", "fraud")).toBe("201");
    const now = Date.now();
    house.clock = () => new Date(now + 25 * HOUR_MS);
    expect(await attempt("interval-2", "smuggling"), "the first is still a draft").toBe("round-descriptor-invalid");
    await abort("interval-1");
    expect(await attempt("interval-2", "smuggling"), "after an aborted attempt").toBe("201");
  });

  it("the configured time passes from the matching, also if the attempt was aborted in review", async () => {
    const { id, ...descriptor } = makeDescriptor(house, {
      id: "matched-1",
      field: "arson",
      agreements: agreementsIn("arson"),
    });
    await sealedRound(house, server.url, { id, ...descriptor });
    await matchRound(house, server.url, id);
    const matchedAt = Date.now();
    expect(viewIn(await abort(id)).state).toBe("erased");
    house.clock = () => new Date(matchedAt + 23 * HOUR_MS);
    expect(await attempt("matched-2", "arson")).toBe("round-descriptor-invalid");
    house.clock = () => new Date(matchedAt + 25 * HOUR_MS);
    expect(await attempt("matched-2", "arson")).toBe("201");
  });
});
