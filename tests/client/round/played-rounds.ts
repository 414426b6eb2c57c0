/**
 * Two rounds over a real secretariat, played to their end, with the vaults as they stood at each step; and a secretariat
 * that gives AT and HR what it likes in place of the second one's hits.
 */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { exchangeAnswers } from "#client/answers.ts";
import { acknowledgePackage, openHits, sealOf } from "#client/release.ts";
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

export const OLD = "dishonest-1";
export const ROUND = "dishonest-2";
const PEOPLE_OF: Readonly<Record<string, number[]>> = { AT: range(0, 22), HR: range(10, 34), SI: range(16, 40) };
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
  readonly honest: Hits;
  /** By `from-to`. */
  readonly batches: ReadonlyMap<string, Batch>;
};

export async function playRounds(): Promise<PlayedRounds> {
  const table = await openTable();
  const lists: Lists = new Map(PARTIES.map((party) => [party, listOf(party, PEOPLE_OF[party] ?? [])]));
  const unsealed = new Map<string, Vault>();
  const unopened = new Map<string, Vault>();
  const closed: RoundView[] = [];
  const keep = (copies: Map<string, Vault>): void => {
    for (const [party, vault] of table.vaults) copies.set(party, copyOf(table, vault));
  };
  for (const round of [OLD, ROUND])
    await playRound(table, round, async (turn) => {
      if (turn === "closed") closed.push(await connectAs(table, "AT").round(round));
      if (turn === "closed" && round === ROUND) keep(unsealed);
      if (turn === "released" && round === ROUND) keep(unopened);
      for (let call = 0; call < 3; call++)
        for (const party of PARTIES) await walkOnce(vaultOfParty(table, party), connectAs(table, party), round, lists);
    });
  const closedView = closed.at(-1);
  if (closedView === undefined) throw new RangeError("the round was not closed");
  const releasedView = await connectAs(table, "AT").round(ROUND);
  const honest = new Map<string, readonly Hit[]>();
  const batches = new Map<string, Batch>();
  for (const party of PARTIES) {
    const vault = vaultOfParty(table, party);
    for (const [counterpart, hits] of await openedHits(table.house, table.server.url, party, ROUND)) {
      const name = `${party}-${counterpart}`;
      honest.set(name, hits);
      const bytes = new Uint8Array(Buffer.concat([...vault.readBatch(ROUND, counterpart)]));
      batches.set(name, viewBatch(bytes, SHIPPED_PROFILE));
    }
  }
  const unanswered = copyOf(table, of(unopened, "AT"));
  const server = connectAs(table, "AT");
  await acknowledgePackage({ ...server, acknowledge: () => Promise.resolve(releasedView) }, unanswered, ROUND);
  await openHits(server, unanswered, ROUND, SHIPPED_PROFILE);
  return { table, unsealed, unopened, unanswered, closedView, releasedView, honest, batches };
}

export function of<T>(values: ReadonlyMap<string, T>, name: string): T {
  const value = values.get(name);
  if (value === undefined) throw new RangeError(`there is no ${name}`);
  return value;
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

/** What a party got to see and said of the pairing. */
type Seen = {
  readonly missingDecoys: number;
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
  const view = (): RoundView => ({
    ...releasedView,
    pairings: releasedView.pairings.map((each) => ({
      ...each,
      answered: SIDES.flatMap(([party, counterpart]) => (answers.has(`${party}-${counterpart}`) ? [party] : [])),
    })),
  });
  const connectionOf = (party: string, counterpart: string, reports: Report[]) => ({
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
    putReport: (report: Report) => {
      reports.push(report);
      return Promise.resolve();
    },
  });
  const seen = new Map<string, Seen>();
  await withCopy(played, of(vaults, "AT"), (at) =>
    withCopy(played, of(vaults, "HR"), async (hr) => {
      const sides = [at, hr].map((vault) => {
        const { party } = vault.identity;
        const counterpart = party === "AT" ? "HR" : "AT";
        const reports: Report[] = [];
        return { vault, party, counterpart, reports, connection: connectionOf(party, counterpart, reports) };
      });
      for (const { vault, party, counterpart, reports, connection } of sides) {
        await acknowledgePackage(connection, vault, ROUND);
        const { missingDecoys } = await openHits(connection, vault, ROUND, SHIPPED_PROFILE);
        await exchangeAnswers(connection, vault, ROUND);
        seen.set(party, { missingDecoys: missingDecoys.get(counterpart) ?? 0, unproven: [], reports });
      }
      for (const { vault, party, counterpart, connection } of sides) {
        const { answered } = await exchangeAnswers(connection, vault, ROUND);
        if (!answered.includes(counterpart)) throw new RangeError(`${counterpart} has not answered`);
        const unproven = (vault.answers(ROUND, counterpart) ?? []).flatMap(({ hit, proven }) => (proven ? [] : [hit]));
        seen.set(party, { ...of(seen, party), unproven });
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
