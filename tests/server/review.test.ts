/**
 * Between matching and release: unusual hit rates are held, officers decide, and nothing held is released.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RoundView } from "#engine/round/messages.ts";
import { signStatement } from "#engine/round/statement.ts";
import { acknowledge, approve, approveOnce, decide, matchRound, packageKeys, sealedRound } from "./acts.ts";
import {
  makeDescriptor,
  makeHouse,
  officerSigning,
  operatorSigning,
  partySigning,
  people,
  removeHouse,
  startServer,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send } from "./requests.ts";
import { databaseHolds, wrappedKeys } from "./wrapped-keys.ts";

let house: House;
let server: RunningServer;
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});

/** A round in review with so many hits in each pairing. */
async function reviewed(
  id: string,
  hits: Readonly<Record<string, number>>,
  changes: Parameters<typeof makeDescriptor>[1] = {},
): Promise<RoundView> {
  const descriptor = makeDescriptor(house, { id, ...changes });
  await sealedRound(house, server.url, descriptor, (from, to) => people(hits[[from, to].sort().join("-")] ?? 0));
  return matchRound(house, server.url, id);
}

const statesOf = ({ pairings }: RoundView): string[] => pairings.map(({ state }) => state);
const shown = async (id: string): Promise<RoundView> =>
  viewIn(await send(server.url, operatorSigning(house), "GET", `/v1/rounds/${id}`));

describe("a pairing's hits", () => {
  it("are counted by band for operators and officers, not for parties", async () => {
    const view = await reviewed("counts", { "AT-HR": 3 });
    expect(view.pairings.map(({ hits }) => hits)).toEqual([
      { high: 3, medium: 0, low: 0 },
      { high: 0, medium: 0, low: 0 },
    ]);
    const seen = async (signing: ReturnType<typeof officerSigning>) =>
      viewIn(await send(server.url, signing, "GET", "/v1/rounds/counts")).pairings;
    expect(await seen(officerSigning(house))).toEqual(view.pairings);
    expect((await seen(partySigning(house, "AT"))).map(({ hits }) => hits)).toEqual([null, null]);
    expect((await seen(partySigning(house, "SI"))).map(({ pairing }) => pairing)).toEqual([["AT", "SI"]]);
  });
});

describe("an unusual rate", () => {
  it("is held against the round's other pairings while a pairing has no history of its own", async () => {
    expect(statesOf(await reviewed("peers-1", { "AT-HR": 19 })), "too few to say").toEqual(["matched", "matched"]);
    expect(statesOf(await reviewed("peers-2", { "AT-HR": 25, "AT-SI": 5 })), "five times").toEqual([
      "matched",
      "matched",
    ]);
  });

  /** States of rounds of one pairing alone with so many hits, one after another; each is released or aborted. */
  async function statesOfAll(
    ends: "release" | "abort",
    counts: readonly number[],
    changesAt: (at: number) => Parameters<typeof makeDescriptor>[1] = () => ({}),
  ): Promise<string[]> {
    const other = makeHouse();
    const { app, url } = await startServer(other);
    const alone = { parties: ["AT", "HR"].map((id) => ({ id, declaredRecords: 90 })) };
    const states: string[] = [];
    for (const [at, hits] of counts.entries()) {
      const id = `own-${at}`;
      const descriptor = makeDescriptor(other, { id, pairings: [["AT", "HR"]], ...alone, ...changesAt(at) });
      await sealedRound(other, url, descriptor, () => people(hits));
      const view = await matchRound(other, url, id);
      states.push(...statesOf(view));
      if (ends === "release") await approve(other, url, "release", view);
      else await send(url, operatorSigning(other), "POST", `/v1/rounds/${id}/abort`);
    }
    await app.close();
    removeHouse(other);
    return states;
  }

  it("is held against the pairing's own released rounds once there are three", async () => {
    // Nothing to compare with before the fourth; then the median is 4, five times that is usual, and more is not.
    expect(await statesOfAll("release", [4, 4, 4, 20, 21])).toEqual([
      "matched",
      "matched",
      "matched",
      "matched",
      "held",
    ]);
  });

  it("is held too when hits stay away that its own released rounds let expect", async () => {
    expect(await statesOfAll("release", [25, 25, 25, 5, 4])).toEqual([
      "matched",
      "matched",
      "matched",
      "matched",
      "held",
    ]);
  });

  it("is not compared with rounds of another lowest band or margin", async () => {
    const another = [{ lowestBand: "medium" as const }, { informationMarginBits: 4 }, { lowestBand: "high" as const }];
    const states = await statesOfAll("release", [4, 4, 4, 21], (at) => another[at]);
    expect(states).toEqual(["matched", "matched", "matched", "matched"]);
  });

  it("is not compared with attempts that were aborted in review", async () => {
    expect(await statesOfAll("abort", [4, 4, 4, 21])).toEqual(["matched", "matched", "matched", "matched"]);
  });

  it("is held, and said in the log, when it exceeds five times its peers'", async () => {
    const other = makeHouse();
    const { app, url } = await startServer(other);
    const descriptor = makeDescriptor(other, { id: "peers" });
    await sealedRound(other, url, descriptor, (from, to) => people(from === "HR" || to === "HR" ? 26 : 5));
    const view = await matchRound(other, url, "peers");
    expect(statesOf(view)).toEqual(["held", "matched"]);
    const log = await send(url, officerSigning(other), "GET", "/v1/rounds/peers/log");
    expect(JSON.parse(log.text)).toContainEqual(
      expect.objectContaining({ actor: "server", act: "held-unusual-rate", about: "AT-HR" }),
    );
    const refused = await approveOnce(other, url, "release", view, 0);
    expect(codeOf(refused)).toBe("round-held");
    expect(refused.text).toContain("AT-HR");
    await app.close();
    removeHouse(other);
  });
});

describe("an officer", () => {
  it("holds any pairing, and only an officer lets it go: until then nothing is released", async () => {
    const view = await reviewed("officer-1", {});
    expect(codeOf(await approveOnce(house, server.url, "release", view, 0))).toBe("200");
    expect(statesOf(viewIn(await decide(house, server.url, "hold", ["AT", "SI"], view)))).toEqual(["matched", "held"]);
    expect(codeOf(await approveOnce(house, server.url, "release", view, 1))).toBe("round-held");
    expect((await shown("officer-1")).state).toBe("reviewed");
    const [operator] = house.cast.operators;
    const body = { decision: "release" as const, officer: "op-1", pairing: ["AT", "SI"], round: "officer-1" };
    const hold = signStatement(operator, "hold", { ...body, t2: view.t2 ?? "" });
    const asOperator = await send(server.url, operatorSigning(house), "PUT", "/v1/rounds/officer-1/holds/op-1", hold);
    expect(codeOf(asOperator)).toBe("request-forbidden");
    const lent = signStatement(operator, "hold", { ...body, officer: "dpo-1", t2: view.t2 ?? "" });
    const asOfficer = await send(server.url, officerSigning(house), "PUT", "/v1/rounds/officer-1/holds/dpo-1", lent);
    expect(codeOf(asOfficer), "signed by an operator").toBe("statement-signature");
    await decide(house, server.url, "release", ["AT", "SI"], view);
    expect(viewIn(await approveOnce(house, server.url, "release", view, 1)).state).toBe("released");
  });

  it("drops a pairing: it is opened to neither, the others are released", async () => {
    const before = wrappedKeys(house);
    const view = await reviewed("officer-2", { "AT-SI": 2 });
    const [dropped, kept] = wrappedKeys(house).filter((key) => !before.some((other) => other.equals(key)));
    if (dropped === undefined || kept === undefined) throw new RangeError("two package keys are wanted");
    expect(databaseHolds(house, dropped), "the search finds it").toBe(true);
    expect(statesOf(viewIn(await decide(house, server.url, "drop", ["AT", "HR"], view)))).toEqual([
      "dropped",
      "matched",
    ]);
    expect(databaseHolds(house, dropped), "the package key is nowhere").toBe(false);
    expect(databaseHolds(house, kept)).toBe(true);
    for (const decision of ["hold", "release"] as const)
      expect(codeOf(await decide(house, server.url, decision, ["AT", "HR"], view)), "for good").toBe("round-state");
    const released = viewIn(await approve(house, server.url, "release", view));
    for (const party of ["AT", "HR", "SI"])
      expect(codeOf(await acknowledge(house, server.url, party, released))).toBe("200");
    expect(statesOf(await shown("officer-2"))).toEqual(["dropped", "opened"]);
    expect([...(await packageKeys(house, server.url, "AT", "officer-2")).keys()]).toEqual(["SI"]);
    expect((await packageKeys(house, server.url, "HR", "officer-2")).size).toBe(0);
  });

  it("decides on pairings of the round, in review, for its T2", async () => {
    const view = await reviewed("officer-3", {});
    for (const pairing of [
      ["HR", "SI"],
      ["HR", "AT"],
    ] as [string, string][])
      expect(codeOf(await decide(house, server.url, "hold", pairing, view))).toBe("pairing-unknown");
    const other = { ...view, t2: "A".repeat(43) };
    expect(codeOf(await decide(house, server.url, "hold", ["AT", "HR"], other))).toBe("statement-signature");
    const released = viewIn(await approve(house, server.url, "release", view));
    expect(codeOf(await decide(house, server.url, "drop", ["AT", "HR"], released))).toBe("round-state");
  });
});
