/**
 * A whole round of three parties and two pairings by real client code, draft to erased, at a server that may be killed at
 * any time. Who loses the connection starts again from what the server says: nobody remembers what he asked for.
 */
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { connect, type Connection } from "#client/http.ts";
import type { HeadStore } from "#client/log-head.ts";
import { LEAST_COST } from "#client/passphrase-box.ts";
import { noisedStatistics } from "#client/statistics.ts";
import { resultsOf } from "#client/results.ts";
import { createVault, type Vault } from "#client/vault.ts";
import type { Standing } from "#client/walk.ts";
import type { TreeHead } from "#engine/audit/tree-head.ts";
import type { PersonRecord } from "#engine/encode/person.ts";
import { LinkageError } from "#engine/errors.ts";
import type { ErasureCertificate } from "#engine/round/acts.ts";
import type { RoundDescriptor } from "#engine/round/descriptor.ts";
import type { Identity, StaffIdentity } from "#engine/round/identity.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { signStatement } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { describeRound } from "#fixtures/cast.ts";
import { playTurns, type RoundTurns } from "../../../demo/round-turns.ts";
import { listOf, range, recordOf, walkOnce, type Lists } from "../../client/round/table.ts";
import { PASSPHRASE } from "../../client/folders.ts";
import { makeHouse, removeHouse, type House } from "../harness.ts";
import { kill, type ServerProcess } from "../process.ts";
import { Acknowledged } from "./acknowledged.ts";
import { startCrashing, type Kill } from "./crashing-process.ts";

export const ROUND = "crash-1";
export const PAIRINGS = [
  ["AT", "HR"],
  ["AT", "SI"],
] as const;
const PEOPLE_OF: Readonly<Record<string, number[]>> = { AT: range(0, 12), HR: range(7, 19), SI: range(4, 9) };
/** No waiting: the driver itself tries again. */
const ONCE = { attempts: 1, pauseMs: 0, longestPauseMs: 0 };

/** The one that the round admits. */
const CATEGORY = { category: "suspect" } as const;

const lists: Lists = new Map(
  Object.entries(PEOPLE_OF).map(([party, people]) => [party, listOf(party, people, () => CATEGORY)]),
);

/** What else is done to a server while a round is played at it, until it is stopped. */
export type Beside = (round: Play, url: string) => { readonly stop: () => Promise<void> };

/** A round, who plays it, and what the server has acknowledged of it. */
export type Play = {
  readonly house: House;
  readonly vaults: readonly Vault[];
  readonly descriptor: RoundDescriptor;
  readonly acknowledged: Acknowledged;
  /** Heads of the audit log that each of them saw last, by id; a log that does not go on from one is refused. */
  readonly heads: Map<string, HeadStore>;
  /** Log lines of all processes of its server. */
  readonly said: string[];
  /** Called once, when everything was said and nothing is erased yet. */
  readonly beforeErasure: (play: Play) => void;
  /** Whether everything was said. */
  isRipe: boolean;
};

export function openPlay(beforeErasure: (play: Play) => void = () => undefined): Play {
  const house = makeHouse();
  const vaults = house.cast.identities.map((identity) => {
    const vault = createVault(join(house.folder, `vault-${identity.party}`), identity, PASSPHRASE, LEAST_COST);
    vault.pinRoster(house.roster);
    return vault;
  });
  const descriptor = describeRound(
    house.cast,
    { id: ROUND, profile: SHIPPED_PROFILE, declaredRecords: 20, now: house.clock() },
    { pairings: PAIRINGS.map(([lower, higher]) => [lower, higher]) },
  );
  const acknowledged = new Acknowledged(ROUND);
  return { house, vaults, descriptor, acknowledged, heads: new Map(), said: [], beforeErasure, isRipe: false };
}

export function closePlay({ house, vaults }: Play): void {
  for (const vault of vaults) vault.close();
  removeHouse(house);
}

/**
 * Plays the round to its certificate, over as many processes as it takes.
 *
 * @param crashes - Of the first process, the second, and so on; those after the last are not killed.
 * @param beside - What else is done to each server while it runs.
 * @returns The crashes that came, and the certificate.
 */
export async function play(
  round: Play,
  crashes: readonly Kill[],
  beside: Beside = () => ({ stop: () => Promise.resolve() }),
): Promise<{ crashed: number; certificate: ErasureCertificate }> {
  for (let crashed = 0; ; crashed++) {
    const server = await startCrashing(round.house, crashes[crashed] ?? null);
    if (server === null) continue;
    const others = beside(round, server.url);
    try {
      const certificate = await playOn(round, server.url);
      await others.stop();
      const exitCode = await kill(server.child, "SIGTERM");
      if (exitCode !== 0) throw new Error(`the server ended with ${exitCode}`);
      return { crashed, certificate };
    } catch (error) {
      await requireKilled(server, error);
    } finally {
      await kill(server.child, "SIGKILL");
      await others.stop();
      round.said.push(...server.said);
    }
  }
}

/** @throws `error` unless it comes from the server having been killed. */
async function requireKilled({ child }: ServerProcess, error: unknown): Promise<void> {
  if (!(error instanceof LinkageError) || error.code !== "server-unreachable") throw error;
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  if (child.signalCode !== "SIGKILL") throw error;
}

/**
 * Everyone's next turn by what the server says, until the round is erased.
 *
 * @param onTurn - Told the round before each turn.
 */
export async function playOn(
  round: Play,
  url: string,
  onTurn: (view: RoundView) => void = () => undefined,
): Promise<ErasureCertificate> {
  const { house, vaults, descriptor, acknowledged } = round;
  const connectAs = (identity: Identity | StaffIdentity): Connection => connectTo(round, url, identity);
  const [first, second] = house.cast.operators;
  const operator = connectAs(first);
  const operators: RoundTurns["operators"] = [
    { identity: first, connection: operator },
    { identity: second, connection: connectAs(second) },
  ];
  const parties = vaults.map((vault) => ({ vault, connection: connectAs(vault.identity) }));
  await operator.createRound(descriptor);
  await acknowledged.check(operator, parties);
  return playTurns({
    round: ROUND,
    operators,
    walkAll: () => walkAll(parties),
    onTurn: (view) => {
      acknowledged.see(view);
      onTurn(view);
    },
    beforeErasure: async () => {
      await sayAll(parties);
      if (round.isRipe) return;
      round.isRipe = true;
      round.beforeErasure(round);
    },
  });
}

/**
 * @param id - Whose heads these are; two that ask at once need one each.
 * @returns A connection that tries once and keeps the heads it sees for those that follow.
 */
export function connectTo(
  round: Play,
  url: string,
  identity: Identity | StaffIdentity,
  id = "party" in identity ? identity.party : identity.id,
): Connection {
  const { house, heads, acknowledged } = round;
  const kept = heads.get(id) ?? keptInMemory();
  heads.set(id, kept);
  return connect({
    serverUrl: url,
    identity,
    secretariat: house.roster.secretariat,
    heads: kept,
    now: () => house.clock(),
    retry: ONCE,
    fetch: acknowledged.fetch,
  });
}

export function keptInMemory(): HeadStore {
  let last: TreeHead | null = null;
  return {
    read: () => last,
    write: (head) => {
      last = head;
    },
    forget: () => {
      last = null;
    },
    readForks: () => [],
    writeForks: () => undefined,
  };
}

type Side = { readonly vault: Vault; readonly connection: Connection };

/** Whatever becomes of one party, the others walk too. @returns Whether every party is done. */
async function walkAll(parties: readonly Side[]): Promise<boolean> {
  const walks: PromiseSettledResult<Standing>[] = [];
  for (const { vault, connection } of parties)
    walks.push(...(await Promise.allSettled([walkOnce(vault, connection, ROUND, lists)])));
  for (const walk of walks) if (walk.status === "rejected") throw walk.reason;
  return walks.every((walk) => walk.status === "fulfilled" && walk.value.state === "done");
}

/** A status of every hit, and each party's histogram. */
async function sayAll(parties: readonly Side[]): Promise<void> {
  for (const { vault, connection } of parties) {
    const { identity } = vault;
    const statuses = resultsOf(vault, ROUND, SHIPPED_PROFILE, new Date()).map(({ hit }) =>
      signStatement(identity, "status", { hit, party: identity.party, round: ROUND, status: "confirmed" as const }),
    );
    await connection.putStatuses(ROUND, identity.party, statuses);
    await connection.putStatistics(
      await noisedStatistics(vault, ROUND, recordsOf(identity.party), randomFillSync, new Date()),
    );
  }
}

/** Reads a party's list for the records of these references. */
function recordsOf(party: string): (refs: ReadonlySet<string>) => Promise<readonly PersonRecord[]> {
  const records = (PEOPLE_OF[party] ?? []).map((person) => ({ ...recordOf(party, person), ...CATEGORY }));
  return (refs) => Promise.resolve(records.filter(({ rec_id: ref }) => refs.has(ref)));
}
