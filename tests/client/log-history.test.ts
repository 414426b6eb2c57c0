/**
 * Servers that roll their log back or fork it, with their own key and everything signed as it should be, are caught by the
 * first client that saw another history. BENCH=full has a hundred of them.
 */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkWitnesses } from "#client/audit-log.ts";
import { connect, type Connection } from "#client/http.ts";
import { LinkageError } from "#engine/errors.ts";
import { signStatement } from "#engine/round/statement.ts";
import { uniformBelow } from "#engine/uniform.ts";
import { seeded } from "../engine/statistics/seeded.ts";
import { IS_FULL, reportFigures } from "../figures.ts";
import {
  identityOf,
  makeDescriptor,
  makeHouse,
  operatorSigning,
  removeHouse,
  startServer,
  type House,
  type RunningServer,
} from "../server/harness.ts";
import { send } from "../server/requests.ts";
import { keptInMemory } from "../server/crash/round-play.ts";

const RUNS = IS_FULL ? 100 : 8;
const MINUTES_MS = 60_000;
const KINDS = ["rolled back", "forked, as long", "forked, longer", "shown to another party"] as const;

let house: House;
let offsetMs: number;
let rounds: number;
let server: RunningServer | null;
beforeEach(() => {
  house = makeHouse();
  [offsetMs, rounds, server] = [0, 0, null];
  house.clock = () => new Date(Date.now() + offsetMs);
});
afterEach(async () => {
  await server?.app.close();
  removeHouse(house);
});

/** In the place of the one before. Nothing was signed in the second of its start. */
async function start(): Promise<RunningServer> {
  await server?.app.close();
  offsetMs += 2_000;
  server = await startServer(house);
  return server;
}

/** Enters so many acts in the log, none like another. */
async function enter(count: number): Promise<void> {
  const { url } = server ?? expect.fail("no server");
  for (let left = count; left > 0; left--) {
    const descriptor = makeDescriptor(house, { id: `round-${++rounds}` });
    expect((await send(url, operatorSigning(house), "POST", "/v1/rounds", descriptor)).status).toBe(201);
  }
}

function connectAs(party: string, heads = keptInMemory()): Connection {
  return connect({
    serverUrl: server?.url ?? "",
    identity: identityOf(house, party),
    secretariat: house.roster.secretariat,
    heads,
    now: () => house.clock(),
  });
}

const LEFT = ["data", "keys/tree-head.json"];
function copy(from: string, to: string): void {
  for (const name of LEFT) {
    rmSync(join(to, name), { recursive: true, force: true });
    cpSync(join(from, name), join(to, name), { recursive: true });
  }
}

async function codeBy(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return "taken";
  } catch (error) {
    if (error instanceof LinkageError) return error.code;
    throw error;
  }
}

/** @param isHonest - The server goes on instead. @returns What the client that saw the other history says. */
async function meet(kind: (typeof KINDS)[number], seed: number, isHonest: boolean): Promise<string> {
  const below = uniformBelow(seeded(`history ${seed}`));
  const heads = keptInMemory();
  await start();
  await enter(1 + below(6));
  await connectAs("AT", heads).rounds();
  await server?.app.close();
  const before = join(house.folder, "before");
  copy(house.folder, before);
  await start();
  const more = 1 + below(5);
  await enter(more);
  const { head } = await connectAs("AT", heads).signedHead();
  const { size, root } = head;
  const cosignature = signStatement(identityOf(house, "AT"), "cosignature", { party: "AT", root, size });
  await server?.app.close();
  if (!isHonest) copy(before, house.folder);
  await start();
  if (kind === "forked, as long") await enter(isHonest ? 0 : more);
  if (kind === "forked, longer" || kind === "shown to another party") await enter(more + 1 + below(8));
  if (kind !== "shown to another party") return codeBy(() => connectAs("AT", heads).rounds());
  // A party that saw nothing of the first history holds what the other one co-signed.
  const other = connectAs("HR");
  const shown = await other.signedHead();
  const asker = { roster: house.roster, heads: keptInMemory() };
  return codeBy(() => checkWitnesses(other, asker, { ...shown, cosignatures: [cosignature] }));
}

it.each(KINDS)(
  "a log that is %s is caught, each time; one that only grew is not",
  async (kind) => {
    let caught = 0;
    const runs = RUNS / KINDS.length;
    for (let run = 0; run < runs; run++) {
      caught += Number((await meet(kind, run, false)) === "audit-fork");
      removeHouse(house);
      house = makeHouse();
      house.clock = () => new Date(Date.now() + offsetMs);
    }
    reportFigures(kind, { runs, caught });
    expect(caught).toBe(runs);
    expect(await meet(kind, 0, true)).toBe("taken");
  },
  30 * MINUTES_MS,
);
