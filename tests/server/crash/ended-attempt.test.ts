/**
 * kill -9 while an attempt is ended: it is over for all, or nothing of its end is said.
 */
import { afterEach, beforeEach, expect, it } from "vitest";
import type { RoundView } from "#engine/round/messages.ts";
import { approve, withdraw } from "../acts.ts";
import { makeHouse, operatorSigning, removeHouse, viewIn, type House } from "../harness.ts";
import { kill, type ServerProcess } from "../process.ts";
import { send } from "../requests.ts";
import { describeRound } from "#fixtures/cast.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { startCrashing, stepsOf } from "./crashing-process.ts";
import type { Crash } from "./durable-steps.ts";

const ID = "ended-1";
let house: House;
const servers: ServerProcess[] = [];
beforeEach(() => {
  house = makeHouse();
});
afterEach(async () => {
  for (const { child } of servers.splice(0)) await kill(child, "SIGKILL");
  removeHouse(house);
});

async function start(crash: Crash | null): Promise<string> {
  const server = await startCrashing(house, crash);
  if (server === null) throw new Error("killed before it listened");
  servers.push(server);
  return server.url;
}

async function viewAt(url: string): Promise<RoundView> {
  return viewIn(await send(url, operatorSigning(house), "GET", `/v1/rounds/${ID}`));
}

it.each<[when: Crash["when"], state: RoundView["state"]]>([
  ["before", "opened"],
  ["after", "erased"],
])("a withdrawal that ends the attempt, killed %s its commit, leaves it %s", async (when, state) => {
  const first = await start({ when, name: "commit withdrawal aborted-withdrawn", occurrence: 1 });
  const setting = { id: ID, profile: SHIPPED_PROFILE, declaredRecords: 20, now: house.clock() };
  const draft = viewIn(
    await send(first, operatorSigning(house), "POST", "/v1/rounds", describeRound(house.cast, setting)),
  );
  const opened = viewIn(await approve(house, first, "open", draft));
  await expect(withdraw(house, first, "SI", opened), "no answer").rejects.toThrow();
  expect(stepsOf(house).at(-1)).toBe("commit withdrawal aborted-withdrawn");

  const second = await start(null);
  expect((await viewAt(second)).state).toBe(state);
  expect((await withdraw(house, second, "SI", opened)).status, "said again").toBe(200);
  expect(await viewAt(second)).toMatchObject({
    state: "erased",
    withdrawn: ["SI"],
    ending: { reason: "withdrawn", parties: ["SI"], evidence: [] },
  });
});
