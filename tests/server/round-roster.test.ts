/**
 * A server started with another roster than that of a round: the round's own counts for it to its end.
 */
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeIdentity, makeStaffIdentity, type Identity, type StaffIdentity } from "#engine/round/identity.ts";
import { makeRoundKey } from "#engine/round/keys.ts";
import { rosterDigest, rosterEntryOf, signRoster } from "#engine/round/roster.ts";
import { acknowledge, approve, approveOnce, matchRound, openedHits, sealedRound } from "./acts.ts";
import {
  makeDescriptor,
  makeHouse,
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

let house: House;
let server: RunningServer;
beforeEach(async () => {
  house = makeHouse();
  server = await startServer(house);
});
afterEach(async () => {
  await server.app.close();
  removeHouse(house);
});

/** Starts the server again with these in the roster in place of those it had. */
async function restartWith(operators: readonly [StaffIdentity, StaffIdentity], identities: readonly Identity[]) {
  await server.app.close();
  const listed = {
    operators: operators.map(({ id, signKey }) => ({ id, signKey })),
    parties: identities.map(rosterEntryOf),
  };
  const roster = operators.reduce(signRoster, { ...house.roster, ...listed, serial: 2, signatures: [] });
  const next: House = { ...house, roster, cast: { ...house.cast, identities, operators, roster } };
  server = await startServer(next);
  return next;
}

const newcomer = (id: string): StaffIdentity => makeStaffIdentity("operator", id);

it("a draft takes no approval, key or act of whom its roster does not list under the same key, but an end", async () => {
  const draft = viewIn(await send(server.url, operatorSigning(house), "POST", "/v1/rounds", makeDescriptor(house)));
  expect(codeOf(await approveOnce(house, server.url, "open", draft, 0))).toBe("200");
  const [first] = house.cast.operators;
  const others = house.cast.identities.map((one) => (one.party === "AT" ? makeIdentity("AT") : one));
  const next = await restartWith([first, newcomer("op-3")], others);
  expect(draft.descriptor.roster).not.toBe(rosterDigest(next.roster));
  expect(codeOf(await approveOnce(next, server.url, "open", draft, 1)), "op-3 is not of this round").toBe(
    "request-forbidden",
  );
  expect(codeOf(await approveOnce(next, server.url, "open", draft, 0)), "op-1 is").toBe("200");
  expect(codeOf(await approveOnce({ ...next, cast: house.cast }, server.url, "open", draft, 1)), "op-2 is gone").toBe(
    "request-signature",
  );
  const putKey = async (party: string) => {
    const identity = others.find((one) => one.party === party) ?? makeIdentity(party);
    const { posted } = makeRoundKey(identity, draft.t0);
    return codeOf(await send(server.url, partySigning(next, party), "PUT", `/v1/rounds/test-1/keys/${party}`, posted));
  };
  expect(await putKey("AT"), "another key than in the round's roster").toBe("request-forbidden");
  expect(await putKey("HR"), "the same key, but the round is a draft").toBe("round-state");
  const close = await send(server.url, operatorSigning(next, 1), "POST", "/v1/rounds/test-1/close");
  expect(codeOf(close)).toBe("request-forbidden");
  const aborted = await send(server.url, operatorSigning(next, 1), "POST", "/v1/rounds/test-1/abort");
  expect(viewIn(aborted).state).toBe("erased");
});

it("a released round goes on between parties whose keys are the same, and the operators of now can erase it", async () => {
  await sealedRound(house, server.url, makeDescriptor(house), () => people(3));
  const released = viewIn(await approve(house, server.url, "release", await matchRound(house, server.url, "test-1")));
  const others = house.cast.identities.map((one) => (one.party === "SI" ? makeIdentity("SI") : one));
  const next = await restartWith([newcomer("op-3"), newcomer("op-4")], others);
  for (const party of ["AT", "HR"])
    expect(codeOf(await acknowledge(next, server.url, party, released)), party).toBe("200");
  expect(codeOf(await acknowledge(next, server.url, "SI", released))).toBe("request-forbidden");
  expect((await openedHits(next, server.url, "AT", "test-1")).get("HR")).toHaveLength(3);
  expect(viewIn(await approve(next, server.url, "erase", released)).state).toBe("erased");
});
