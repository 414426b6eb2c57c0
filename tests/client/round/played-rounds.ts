/**
 * Two rounds over a real secretariat, played to their end, with the vaults as they stood at each step and what went over the
 * wire; and a secretariat that gives AT and HR what it likes in place of the second one's hits.
 */
import { randomBytes, randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { exchangeAnswers } from "#client/answers.ts";
import { acknowledgePackage, openHits } from "#client/release.ts";
import { sealOf } from "#client/report.ts";
import { pairingOf } from "#client/report.ts";
import { resultsOf, type ResultRow } from "#client/results.ts";
import type { Vault } from "#client/vault.ts";
import { viewBatch, type Batch } from "#engine/batch/read.ts";
import type { Report } from "#engine/round/acts.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { sealPackage, sealPackageKey, type Hit, type PackageContent } from "#engine/round/package.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { openedHits } from "../../server/acts.ts";
import { identityOf, PARTIES } from "../../server/harness.ts";
import {
  connectAs,
  copyOf,
  listOf,
  openTable,
  playRound,
  range,
  vaultOfParty,
  walkOnce,
  type Lists,
  type Table,
} from "./table.ts";
import { recorderOf, type Exchanged } from "./wire.ts";
import { IS_FULL } from "../../figures.ts";

/** Times that an attack is tried, each time with other draws. */
export const RUNS = IS_FULL ? 100 : 10;
export const OLD = "dishonest-1";
export const ROUND = "dishonest-2";
/** AT and HR have one list in both rounds; of SI's people HR has none in the first and 40 in the second. */
const PEOPLE_OF: Readonly<Record<string, Readonly<Record<string, number[]>>>> = {
  [OLD]: { AT: range(0, 22), HR: range(10, 55), SI: range(60, 67) },
  [ROUND]: { AT: range(0, 22), HR: range(10, 55), SI: range(15, 55) },
};
/** The pairing that is attacked. */
export const SIDES = [
  ["AT", "HR"],
  ["HR", "AT"],
] as const;

/** Hits of one party with another, by `party-counterpart`. */
export type Hits = ReadonlyMap<string, readonly Hit[]>;

export type PlayedRounds = {
  readonly table: Table;
  /** Vaults before the seal, before the package, and AT's with its hits but without answers. */
  readonly unsealed: ReadonlyMap<string, Vault>;
  readonly unopened: ReadonlyMap<string, Vault>;
  readonly unanswered: Vault;
  /** What AT was shown when submission was closed, and at the end. */
  readonly closedView: RoundView;
  readonly releasedView: RoundView;
  /** Of the second round. */
  readonly honest: Hits;
  /** By `from-to`, of each round. */
  readonly batches: ReadonlyMap<string, ReadonlyMap<string, Batch>>;
  readonly wire: readonly Exchanged[];
};

export function listsOf(round: string): Lists {
  return new Map(PARTIES.map((party) => [party, listOf(party, PEOPLE_OF[round]?.[party] ?? [])]));
}

export async function playRounds(): Promise<PlayedRounds> {
  const table = await openTable();
  const unsealed = new Map<string, Vault>();
  const unopened = new Map<string, Vault>();
  const closed: RoundView[] = [];
  const wire: Exchanged[] = [];
  const keep = (copies: Map<string, Vault>): void => {
    for (const [party, vault] of table.vaults) {
      const copy = copyOf(table, vault);
      // The second round is attacked; smaller vaults are copied faster.
      copy.forgetRound(OLD);
      copies.set(party, copy);
    }
  };
  for (const round of [OLD, ROUND]) {
    const lists = listsOf(round);
    await playRound(table, round, async (turn) => {
      if (turn === "closed") closed.push(await connectAs(table, "AT").round(round));
      if (turn === "closed" && round === ROUND) keep(unsealed);
      if (turn === "released" && round === ROUND) keep(unopened);
      for (let call = 0; call < 3; call++)
        for (const party of PARTIES) {
          const connection = connectAs(table, party, { fetch: recorderOf(party, wire) });
          await walkOnce(vaultOfParty(table, party), connection, round, lists);
        }
    });
  }
  const closedView = closed.at(-1);
  if (closedView === undefined) throw new RangeError("the round was not closed");
  const releasedView = await connectAs(table, "AT").round(ROUND);
  const honest = new Map<string, readonly Hit[]>();
  const batches = new Map([OLD, ROUND].map((round) => [round, new Map<string, Batch>()]));
  for (const party of PARTIES) {
    const vault = vaultOfParty(table, party);
    for (const [counterpart, hits] of await openedHits(table.house, table.server.url, party, ROUND)) {
      honest.set(`${party}-${counterpart}`, hits);
      for (const [round, found] of batches) {
        const bytes = new Uint8Array(Buffer.concat([...vault.readBatch(round, counterpart)]));
        found.set(`${party}-${counterpart}`, viewBatch(bytes, SHIPPED_PROFILE));
      }
    }
  }
  const unanswered = copyOf(table, of(unopened, "AT"));
  const server = connectAs(table, "AT");
  await acknowledgePackage({ ...server, acknowledge: () => Promise.resolve(releasedView) }, unanswered, ROUND);
  await openHits(server, unanswered, ROUND, SHIPPED_PROFILE, new Date());
  return { table, unsealed, unopened, unanswered, closedView, releasedView, honest, batches, wire };
}

export function of<T>(values: ReadonlyMap<string, T>, name: string): T {
  const value = values.get(name);
  if (value === undefined) throw new RangeError(`there is no ${name}`);
  return value;
}

export function pick<T>(values: readonly T[]): T {
  const value = values[randomInt(values.length)];
  if (value === undefined) throw new RangeError("there is nothing to pick");
  return value;
}

/** @returns The second round's hits that a party kept with another, decoys left out. */
export function hitCount({ table }: PlayedRounds, party: string, counterpart: string): number {
  return vaultOfParty(table, party).section(ROUND, counterpart)?.hits.length ?? 0;
}

/** The hits of each side, with AT's and HR's changed. */
export function changed(
  { honest }: PlayedRounds,
  change: (party: string, counterpart: string, hits: readonly Hit[]) => readonly Hit[],
): Hits {
  const hits = new Map(honest);
  for (const [party, counterpart] of SIDES)
    hits.set(`${party}-${counterpart}`, change(party, counterpart, of(honest, `${party}-${counterpart}`)));
  return hits;
}

/** A copy of one vault for one run. */
export async function withCopy<T>(
  { table }: PlayedRounds,
  vault: Vault,
  attack: (copy: Vault) => Promise<T>,
): Promise<T> {
  const copy = copyOf(table, vault);
  try {
    return await attack(copy);
  } finally {
    copy.close();
    rmSync(copy.directory, { recursive: true });
  }
}

/** Keeps a party's reports as the server does: the last of each kind on each pairing. */
export function reportBox(): {
  readonly reports: () => Report[];
  readonly putReport: (report: Report) => Promise<void>;
} {
  const kept = new Map<string, Report>();
  return {
    reports: () => [...kept.values()],
    putReport: (report) => {
      kept.set(`${report.pairing.join("-")} ${report.kind}`, report);
      return Promise.resolve();
    },
  };
}

/** @returns A report as the party must have made it. */
export function reportOf(kind: Report["kind"], party: string, counterpart: string, count: number, of: number): object {
  return { kind, count, of, party, pairing: pairingOf(party, counterpart), round: ROUND };
}

/** What a party got to see and said of the pairing. */
type Seen = {
  readonly rows: readonly ResultRow[];
  /** Ids of hits that analysts see as unproven. */
  readonly unproven: readonly string[];
  readonly reports: readonly Report[];
};

/**
 * Gives AT and HR these hits of each other, and each the answers of the other, as a server does.
 *
 * @param vaults - Theirs, sealed; copies of them are used.
 * @returns What each saw, by party.
 */
export async function release(
  played: PlayedRounds,
  hits: Hits,
  vaults: ReadonlyMap<string, Vault> = played.unopened,
): Promise<ReadonlyMap<string, Seen>> {
  const { releasedView, table } = played;
  const key = randomBytes(32);
  const answers = new Map<string, Uint8Array>();
  const now = new Date();
  const view = (): RoundView => ({
    ...releasedView,
    pairings: releasedView.pairings.map((each) => ({
      ...each,
      answered: SIDES.flatMap(([party, counterpart]) => (answers.has(`${party}-${counterpart}`) ? [party] : [])),
    })),
  });
  const connectionOf = (party: string, counterpart: string) => ({
    ...reportBox(),
    round: () => Promise.resolve(view()),
    acknowledge: () => Promise.resolve(view()),
    fetchPackage: () =>
      packageOf(played, party, { [counterpart]: key }, hits, { t2: sealOf(of(vaults, party), ROUND) }),
    packageKeys: async () => [{ counterpart, sealedKey: await sealPackageKey(key, boxKeyOf(table, party)) }],
    putAnswers: (_round: string, from: string, to: string, sealed: Uint8Array) => {
      answers.set(`${from}-${to}`, sealed);
      return Promise.resolve();
    },
    fetchAnswers: (_round: string, from: string, to: string) => Promise.resolve(of(answers, `${from}-${to}`)),
  });
  const seen = new Map<string, Seen>();
  await withCopy(played, of(vaults, "AT"), (at) =>
    withCopy(played, of(vaults, "HR"), async (hr) => {
      const sides = [at, hr].map((vault) => {
        const { party } = vault.identity;
        const counterpart = party === "AT" ? "HR" : "AT";
        return { vault, party, counterpart, connection: connectionOf(party, counterpart) };
      });
      for (const { vault, connection } of sides) {
        await acknowledgePackage(connection, vault, ROUND);
        await openHits(connection, vault, ROUND, SHIPPED_PROFILE, now);
        await exchangeAnswers(connection, vault, ROUND, now);
      }
      for (const { vault, party, counterpart, connection } of sides) {
        const { answered } = await exchangeAnswers(connection, vault, ROUND, now);
        if (!answered.includes(counterpart)) throw new RangeError(`${counterpart} has not answered`);
        const rows = resultsOf(vault, ROUND, SHIPPED_PROFILE, now);
        const unproven = rows.flatMap(({ finding, hit }) => (finding === "unproven" ? [hit] : []));
        seen.set(party, { rows, unproven, reports: connection.reports() });
      }
    }),
  );
  return seen;
}

export function boxKeyOf({ house }: Table, party: string): string {
  return identityOf(house, party).boxKey;
}

/** A party's package with these hits; sections without a key given are under one that nobody gets. */
export function packageOf(
  { table }: PlayedRounds,
  party: string,
  keys: Readonly<Record<string, Uint8Array>>,
  hits: Hits,
  changes: Partial<PackageContent> = {},
): Promise<Uint8Array> {
  const sections = PARTIES.filter((each) => each !== party).map((counterpart) => ({
    counterpart,
    key: keys[counterpart] ?? randomBytes(32),
    hits: hits.get(`${party}-${counterpart}`) ?? [],
  }));
  const t2 = sealOf(vaultOfParty(table, party), ROUND);
  return sealPackage({ party, round: ROUND, t2, sections, ...changes }, boxKeyOf(table, party));
}
