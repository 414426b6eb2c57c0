/**
 * Disputes: what ends an attempt whose keys do not fit together, and whom it names.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dispute } from "#engine/round/acts.ts";
import { isEquivocation, makeRoundKey } from "#engine/round/keys.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { isSignedBy, signStatement } from "#engine/round/statement.ts";
import { approve, matchRound, openSubmission, sealedRound } from "./acts.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  partySigning,
  removeHouse,
  startServer,
  viewIn,
  type House,
  type RunningServer,
} from "./harness.ts";
import { codeOf, send, type Answer } from "./requests.ts";

let house: House;
let server: RunningServer;
let count = 0;
beforeAll(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterAll(async () => {
  await server.app.close();
  removeHouse(house);
});

async function opened(): Promise<RoundView> {
  const descriptor = makeDescriptor(house, { id: `dispute-${count++}` });
  const draft = viewIn(await send(server.url, operatorSigning(house), "POST", "/v1/rounds", descriptor));
  return viewIn(await approve(house, server.url, "open", draft));
}

const shown = async ({ descriptor: { id } }: RoundView): Promise<RoundView> =>
  viewIn(await send(server.url, operatorSigning(house), "GET", `/v1/rounds/${id}`));
const post = ({ descriptor: { id } }: RoundView, party: string, body: Dispute): Promise<Answer> =>
  send(server.url, partySigning(house, party), "POST", `/v1/rounds/${id}/disputes`, body);
const keyOf = (party: string, t0: string) => makeRoundKey(identityOf(house, party), t0).posted;
/** A party's word that its counterpart's confirmation fails. */
function confirmationDispute({ descriptor: { id: round }, t0 }: RoundView, party: string, counterpart: string) {
  const word = { kind: "confirmation", counterpart, party, round, t0 } as const;
  return signStatement(identityOf(house, party), "dispute", word);
}

describe("two keys that one party signed for one attempt", () => {
  it("name it to everybody with both signatures, and end the attempt", async () => {
    const view = await opened();
    const [first, second] = [keyOf("HR", view.t0), keyOf("HR", view.t0)];
    expect((await post(view, "AT", { kind: "two-keys", first, second })).status).toBe(200);
    const after = await shown(view);
    expect(after.state).toBe("erased");
    expect(after.ending).toEqual({ reason: "equivocated", parties: ["HR"], evidence: [first, second], raised: null });
    const asSI = await send(server.url, partySigning(house, "SI"), "GET", `/v1/rounds/${view.descriptor.id}`);
    const { ending, t0 } = viewIn(asSI);
    const [one, other] = ending?.evidence ?? [];
    if (one === undefined || other === undefined) throw new RangeError("no evidence");
    expect(isEquivocation(house.roster, t0, one, other), "anybody can check it").toBe(true);
    expect(existsSync(join(house.dataDir, "rounds", view.descriptor.id))).toBe(false);
    expect(codeOf(await post(view, "AT", { kind: "two-keys", first, second }))).toBe("round-state");
  });

  it("are refused, and nothing ends, when they are no evidence", async () => {
    const view = await opened();
    const [first, second] = [keyOf("HR", view.t0), keyOf("HR", view.t0)];
    const wrong: [string, typeof first, typeof second][] = [
      ["unsigned", first, { ...second, signature: "A".repeat(86) }],
      ["signed by another", first, { ...keyOf("AT", view.t0), party: "HR" }],
      ["of two parties", first, keyOf("AT", view.t0)],
      ["one key twice", first, first],
      ["of another attempt", first, keyOf("HR", "A".repeat(43))],
    ];
    for (const [name, one, other] of wrong)
      expect(codeOf(await post(view, "AT", { kind: "two-keys", first: one, second: other })), name).toBe(
        "round-key-signature",
      );
    expect(await shown(view)).toMatchObject({ state: "opened", ending: null });
  });

  it("of a party that is not in the round are no evidence", async () => {
    const parties = ["AT", "HR"].map((id) => ({ id, declaredRecords: 90 }));
    const descriptor = makeDescriptor(house, { id: "dispute-stranger", pairings: [["AT", "HR"]], parties });
    const draft = viewIn(await send(server.url, operatorSigning(house), "POST", "/v1/rounds", descriptor));
    const view = viewIn(await approve(house, server.url, "open", draft));
    const [first, second] = [keyOf("SI", view.t0), keyOf("SI", view.t0)];
    expect(codeOf(await post(view, "AT", { kind: "two-keys", first, second }))).toBe("round-key-signature");
    expect(codeOf(await post(view, "SI", { kind: "two-keys", first, second }))).toBe("round-unknown");
  });
});

describe("a confirmation that fails", () => {
  it("ends the attempt, names nobody, and shows everybody who says so, signed", async () => {
    const { view } = await openSubmission(house, server.url, makeDescriptor(house, { id: `dispute-${count++}` }));
    const raised = confirmationDispute(view, "HR", "AT");
    for (const wrong of [{ ...raised, t0: "A".repeat(43) }, confirmationDispute(view, "SI", "AT")])
      expect(codeOf(await post(view, "HR", wrong))).toBe("statement-signature");
    expect(codeOf(await post(view, "HR", confirmationDispute({ ...view, t0: "A".repeat(43) }, "HR", "AT")))).toBe(
      "statement-signature",
    );
    expect((await post(view, "HR", raised)).status).toBe(200);
    const ending = { reason: "disputed", parties: [], evidence: [], raised };
    expect(await shown(view)).toMatchObject({ state: "erased", ending });
    const asSI = await send(server.url, partySigning(house, "SI"), "GET", `/v1/rounds/${view.descriptor.id}`);
    expect(viewIn(asSI).ending).toEqual(ending);
    expect(isSignedBy(identityOf(house, "HR").signKey, "dispute", raised), "anybody can check it").toBe(true);
  });

  it("is of a pairing of the party's own", async () => {
    const view = await opened();
    expect(codeOf(await post(view, "HR", confirmationDispute(view, "HR", "SI")))).toBe("pairing-unknown");
    expect((await shown(view)).state).toBe("opened");
  });
});

describe("a dispute", () => {
  it("is for parties, from opening to sealing", async () => {
    const view = await opened();
    const body = confirmationDispute(view, "AT", "HR");
    const path = `/v1/rounds/${view.descriptor.id}/disputes`;
    expect(codeOf(await send(server.url, operatorSigning(house), "POST", path, body))).toBe("request-forbidden");
    const descriptor = makeDescriptor(house, { id: `dispute-${count++}` });
    const draft = viewIn(await send(server.url, operatorSigning(house), "POST", "/v1/rounds", descriptor));
    expect(codeOf(await post(draft, "AT", confirmationDispute(draft, "AT", "HR")))).toBe("round-state");
    const { view: sealed } = await sealedRound(house, server.url, makeDescriptor(house, { id: `dispute-${count++}` }));
    await matchRound(house, server.url, sealed.descriptor.id);
    expect(codeOf(await post(sealed, "AT", confirmationDispute(sealed, "AT", "HR")))).toBe("round-state");
    const { view: other } = await sealedRound(house, server.url, makeDescriptor(house, { id: `dispute-${count++}` }));
    expect((await post(other, "AT", confirmationDispute(other, "AT", "HR"))).status).toBe(200);
  });
});
