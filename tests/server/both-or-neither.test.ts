/**
 * A server killed while the two sides of a pairing acknowledge: afterwards the pairing is open to both or to neither.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Acknowledgement } from "#engine/round/acts.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { Draws } from "#fixtures/draws.ts";
import { acknowledge, acknowledgementOf, approve, fetchPackage, matchRound, packageKeys, sealedRound } from "./acts.ts";
import { makeDescriptor, makeHouse, partySigning, removeHouse, startServer, viewIn, type House } from "./harness.ts";
import { kill, startProcess } from "./process.ts";
import { send } from "./requests.ts";

const SEED = 20261126;
const ROUNDS = 32;
const KILLS = 8;
const SIDES = ["AT", "HR"] as const;

type Prepared = { readonly view: RoundView; readonly words: ReadonlyMap<string, Acknowledgement> };

let house: House;
const prepared: Prepared[] = [];
beforeAll(async () => {
  house = makeHouse();
  const { app, url } = await startServer(house);
  const parties = SIDES.map((id) => ({ id, declaredRecords: 90 }));
  for (let at = 0; at < ROUNDS; at++) {
    const descriptor = makeDescriptor(house, { id: `round-${at}`, pairings: [[...SIDES]], parties });
    await sealedRound(house, url, descriptor);
    const view = viewIn(await approve(house, url, "release", await matchRound(house, url, descriptor.id)));
    const words = new Map<string, Acknowledgement>();
    for (const party of SIDES) {
      const { bytes } = await fetchPackage(house, url, party, descriptor.id);
      words.set(party, acknowledgementOf(house, party, view, bytes));
    }
    prepared.push({ view, words });
  }
  await app.close();
});
afterAll(() => {
  removeHouse(house);
});

/** @returns Whether the server took it; false when it was gone before it answered. */
async function say(url: string, { view, words }: Prepared, party: string): Promise<boolean> {
  const path = `/v1/rounds/${view.descriptor.id}/acknowledgements/${party}`;
  return send(url, partySigning(house, party), "PUT", path, words.get(party)).then(
    ({ status }) => status === 200,
    () => false,
  );
}

it("whenever it is killed, both sides have the pairing's key or neither has, and it can go on", async () => {
  const draws = new Draws(SEED);
  const taken = new Map<string, boolean>();
  for (let from = 0; from < ROUNDS; from += ROUNDS / KILLS) {
    const { child, url } = await startProcess(house);
    const rounds = prepared.slice(from, from + ROUNDS / KILLS);
    const killAfter = draws.between(1, SIDES.length * rounds.length - 1);
    let answers = 0;
    // All at once, and killed at one of the answers: what comes next is somewhere between the disk and its sender.
    const words = rounds.flatMap((round) =>
      SIDES.map(async (party) => {
        const isTaken = await say(url, round, party);
        if (++answers === killAfter) child.kill("SIGKILL");
        return [round, party, isTaken] as const;
      }),
    );
    for (const [{ view }, party, isTaken] of await Promise.all(words))
      taken.set(`${view.descriptor.id} ${party}`, isTaken);
    await kill(child, "SIGKILL");
  }

  const { app, url } = await startServer(house);
  for (const round of prepared) {
    const { id } = round.view.descriptor;
    const keys = async () => Promise.all(SIDES.map((party) => packageKeys(house, url, party, id)));
    const [at, hr] = (await keys()) as [ReadonlyMap<string, Uint8Array>, ReadonlyMap<string, Uint8Array>];
    expect(at.has("HR"), id).toBe(hr.has("AT"));
    expect(at.get("HR")).toEqual(hr.get("AT"));
    if (SIDES.every((party) => taken.get(`${id} ${party}`))) expect(at.has("HR"), "what was answered holds").toBe(true);
    for (const party of SIDES) expect((await acknowledge(house, url, party, round.view)).status).toBe(200);
    const [later, other] = (await keys()) as [ReadonlyMap<string, Uint8Array>, ReadonlyMap<string, Uint8Array>];
    expect(later.get("HR")).toEqual(other.get("AT"));
    expect(later.get("HR")).toHaveLength(32);
  }
  await app.close();
}, 180_000);

it("killed between the two sides' words it is open to neither, and opens with the second", async () => {
  const other = makeHouse();
  const first = await startServer(other);
  const parties = SIDES.map((id) => ({ id, declaredRecords: 90 }));
  await sealedRound(other, first.url, makeDescriptor(other, { pairings: [[...SIDES]], parties }));
  const view = viewIn(await approve(other, first.url, "release", await matchRound(other, first.url, "test-1")));
  await first.app.close();
  const { child, url } = await startProcess(other);
  expect((await acknowledge(other, url, "AT", view)).status).toBe(200);
  await kill(child, "SIGKILL");
  const second = await startProcess(other);
  for (const party of SIDES) expect((await packageKeys(other, second.url, party, "test-1")).size).toBe(0);
  expect((await acknowledge(other, second.url, "HR", view)).status).toBe(200);
  await kill(second.child, "SIGKILL");
  const third = await startServer(other);
  const [at, hr] = [
    await packageKeys(other, third.url, "AT", "test-1"),
    await packageKeys(other, third.url, "HR", "test-1"),
  ];
  expect(at.get("HR")).toHaveLength(32);
  expect(at.get("HR")).toEqual(hr.get("AT"));
  await third.app.close();
  removeHouse(other);
});
