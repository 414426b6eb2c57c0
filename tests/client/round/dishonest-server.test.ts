/**
 * A secretariat that is not honest: what it gives out in place of the truth is caught by a real client in 100 of 100 runs.
 * Batches, hits, packages and answers are those of two rounds over a real server, each attack starts from the vaults as
 * they stood before it, and what the clients then post stays with the attacker.
 */
import { randomBytes, randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchangeAnswers } from "#client/answers.ts";
import type { Connection } from "#client/http.ts";
import { acknowledgePackage, openHits, pairingOf, sealOf } from "#client/release.ts";
import { sealRound } from "#client/seal.ts";
import type { Vault } from "#client/vault.ts";
import { viewBatch, type Batch } from "#engine/batch/read.ts";
import type { Acknowledgement, Report, Seal } from "#engine/round/acts.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { cellsText, sealPackage, sealPackageKey, type Hit, type PackageContent } from "#engine/round/package.ts";
import { transcriptT2, type SealedBatch } from "#engine/round/transcript.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { openedHits, packageKeys } from "../../server/acts.ts";
import { identityOf, PARTIES, transcriptOf } from "../../server/harness.ts";
import {
  closeTable,
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

const RUNS = 100;
const OLD = "dishonest-1";
const ROUND = "dishonest-2";
const PEOPLE_OF: Readonly<Record<string, number[]>> = { AT: range(0, 22), HR: range(10, 34), SI: range(16, 40) };
/** The pairing that is attacked. */
const SIDES = [
  ["AT", "HR"],
  ["HR", "AT"],
] as const;

/** Hits of one party with another, by `party-counterpart`. */
type Hits = ReadonlyMap<string, readonly Hit[]>;

let table: Table;
/** Vaults as they stood: before the seal, before the package, and AT's before it took answers. */
const unsealed = new Map<string, Vault>();
const unopened = new Map<string, Vault>();
let unanswered: Vault;
let closedView: RoundView;
let releasedView: RoundView;
const honest = new Map<string, readonly Hit[]>();
const batches = new Map<string, Batch>();

beforeAll(async () => {
  table = await openTable();
  const lists: Lists = new Map(PARTIES.map((party) => [party, listOf(party, PEOPLE_OF[party] ?? [])]));
  const keep = (copies: Map<string, Vault>): void => {
    for (const [party, vault] of table.vaults) copies.set(party, copyOf(table, vault));
  };
  for (const round of [OLD, ROUND])
    await playRound(table, round, async (turn) => {
      if (turn === "closed") closedView = await connectAs(table, "AT").round(round);
      if (turn === "closed" && round === ROUND) keep(unsealed);
      if (turn === "released" && round === ROUND) keep(unopened);
      for (let call = 0; call < 3; call++)
        for (const party of PARTIES) await walkOnce(vaultOfParty(table, party), connectAs(table, party), round, lists);
    });
  releasedView = await connectAs(table, "AT").round(ROUND);
  for (const party of PARTIES) {
    const vault = vaultOfParty(table, party);
    for (const [counterpart, hits] of await openedHits(table.house, table.server.url, party, ROUND)) {
      const name = `${party}-${counterpart}`;
      honest.set(name, hits);
      const bytes = new Uint8Array(Buffer.concat([...vault.readBatch(ROUND, counterpart)]));
      batches.set(name, viewBatch(bytes, SHIPPED_PROFILE));
    }
  }
  unanswered = copyOf(table, of(unopened, "AT"));
  const server = connectAs(table, "AT");
  await acknowledgePackage({ ...server, acknowledge: () => Promise.resolve(releasedView) }, unanswered, ROUND);
  await openHits(server, unanswered, ROUND, SHIPPED_PROFILE);
});
afterAll(() => closeTable(table));

function of<T>(values: ReadonlyMap<string, T>, name: string): T {
  const value = values.get(name);
  if (value === undefined) throw new RangeError(`there is no ${name}`);
  return value;
}

function pick<T>(values: readonly T[]): T {
  const value = values[randomInt(values.length)];
  if (value === undefined) throw new RangeError("there is nothing to pick");
  return value;
}

/** A copy of one vault for one run. */
async function withCopy<T>(vault: Vault, attack: (copy: Vault) => Promise<T>): Promise<T> {
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
 * @returns What each saw, by party.
 */
async function release(hits: Hits): Promise<ReadonlyMap<string, Seen>> {
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
    fetchPackage: () => packageOf(party, { [counterpart]: key }, hits),
    packageKeys: async () => [{ counterpart, sealedKey: await sealPackageKey(key, boxKeyOf(party)) }],
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
  await withCopy(of(unopened, "AT"), (at) =>
    withCopy(of(unopened, "HR"), async (hr) => {
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
        expect(answered).toEqual([counterpart]);
        const unproven = (vault.answers(ROUND, counterpart) ?? []).flatMap(({ hit, proven }) => (proven ? [] : [hit]));
        seen.set(party, { ...of(seen, party), unproven });
      }
    }),
  );
  return seen;
}

function boxKeyOf(party: string): string {
  return identityOf(table.house, party).boxKey;
}

/** A party's package with these hits; sections without a key given are under one that nobody gets. */
function packageOf(
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
  return sealPackage({ party, round: ROUND, t2, sections, ...changes }, boxKeyOf(party));
}

/** The hits of each side, with AT's and HR's changed. */
function changed(change: (party: string, counterpart: string, hits: readonly Hit[]) => readonly Hit[]): Hits {
  const hits = new Map(honest);
  for (const [party, counterpart] of SIDES)
    hits.set(`${party}-${counterpart}`, change(party, counterpart, of(honest, `${party}-${counterpart}`)));
  return hits;
}

/** Handles of the rows that stand for a record, with the person's number. */
function recordsOf(party: string, counterpart: string): { handle: string; person: string; row: number }[] {
  const entries = vaultOfParty(table, party).readHandleMap(ROUND, counterpart);
  return [...entries.values()].map(({ handle, refs, row }) => ({ handle, row, person: refs[0]?.slice(3) ?? "" }));
}

/** Upper halves of the keys that the server sees at a row, one for each rule: the best that it can name. */
function namedCells(party: string, counterpart: string, row: number, rules: readonly number[]): string {
  const { columns } = of(batches, `${party}-${counterpart}`);
  return cellsText(
    rules.map((rule) => {
      const column = columns[rule];
      if (column === undefined) throw new RangeError(`no column of rule ${rule}`);
      return pick([...column.upper].filter((_, at) => column.row[at] === row));
    }),
  );
}

/** One to four rules, in order. */
function someRules(): number[] {
  const rules = Array.from({ length: 1 + randomInt(4) }, () => randomInt(SHIPPED_PROFILE.rules.length));
  return [...new Set(rules)].sort((a, b) => a - b);
}

const patternOf = (rules: readonly number[]): number => rules.reduce((sum, rule) => sum + 2 ** rule, 0);
const freshHit = (): string => Buffer.concat([Buffer.of(1), randomBytes(15)]).toString("base64url");
const unprovenReport = (party: string, counterpart: string, count: number, of: number) =>
  expect.objectContaining({ kind: "unproven", count, of, party, pairing: pairingOf(party, counterpart) }) as unknown;
const hitCount = (party: string, counterpart: string): number =>
  vaultOfParty(table, party).section(ROUND, counterpart)?.hits.length ?? 0;

test("an honest secretariat is believed: every hit proven, no decoy missing, nothing reported", async () => {
  for (const [party, { missingDecoys, unproven, reports }] of await release(honest)) {
    expect({ missingDecoys, unproven, reports }, party).toEqual({ missingDecoys: 0, unproven: [], reports: [] });
  }
  expect(hitCount("AT", "HR")).toBe(12);
});

describe("hits", () => {
  test(`that it made up are unproven at both sides, ${RUNS} of ${RUNS}`, async () => {
    for (let run = 0; run < RUNS; run++) {
      const rules = someRules();
      const hit = freshHit();
      const ofAT = pick(recordsOf("AT", "HR"));
      const ofHR = pick(recordsOf("HR", "AT").filter(({ person }) => person !== ofAT.person));
      const hits = changed((party, counterpart, before) => {
        const { handle, row } = party === "AT" ? ofAT : ofHR;
        const cells = namedCells(party, counterpart, row, rules);
        return [...before, { band: "high", cells, handle, hit, pattern: patternOf(rules) }];
      });
      const seen = await release(hits);
      for (const [party, counterpart] of SIDES) {
        const { unproven, reports } = of(seen, party);
        expect(unproven).toEqual([hit]);
        expect(reports).toEqual([unprovenReport(party, counterpart, 1, hitCount(party, counterpart) + 1)]);
      }
    }
  });

  test(`that it copied onto another row are unproven at both sides, ${RUNS} of ${RUNS}`, async () => {
    for (let run = 0; run < RUNS; run++) {
      const decoys = vaultOfParty(table, "AT").decoys(ROUND, "HR");
      const copied = pick(of(honest, "AT-HR").filter(({ handle }) => !decoys.has(handle)));
      const other = pick(recordsOf("AT", "HR").filter(({ handle }) => handle !== copied.handle));
      const rules = SHIPPED_PROFILE.rules.flatMap((_, rule) => (((copied.pattern >>> rule) & 1) === 1 ? [rule] : []));
      const hit = freshHit();
      // As it is, or with keys that the other row has.
      const cells = run % 2 === 0 ? copied.cells : namedCells("AT", "HR", other.row, rules);
      const hits = changed((party, _, before) => {
        const own = before.find((each) => each.hit === copied.hit);
        if (own === undefined) throw new RangeError("the hit is not at both sides");
        return [...before, party === "AT" ? { ...copied, cells, handle: other.handle, hit } : { ...own, hit }];
      });
      const seen = await release(hits);
      for (const [party, counterpart] of SIDES) {
        const { unproven, reports } = of(seen, party);
        expect(unproven).toEqual([hit]);
        expect(reports).toEqual([unprovenReport(party, counterpart, 1, hitCount(party, counterpart) + 1)]);
      }
    }
  });

  test(`that it left out, a decoy among them, are missed and reported, ${RUNS} of ${RUNS}`, async () => {
    for (let run = 0; run < RUNS; run++) {
      const handles = vaultOfParty(table, "AT").decoys(ROUND, "HR");
      const decoys = of(honest, "AT-HR").flatMap(({ handle, hit }) => (handles.has(handle) ? [hit] : []));
      const one = pick(decoys);
      const dropped = new Set(
        of(honest, "AT-HR")
          .flatMap(({ hit }) => (randomInt(3) === 0 ? [hit] : []))
          .concat(one),
      );
      const count = decoys.filter((hit) => dropped.has(hit)).length;
      const seen = await release(changed((_party, _counterpart, hits) => hits.filter(({ hit }) => !dropped.has(hit))));
      for (const [party, counterpart] of SIDES) {
        const { missingDecoys, unproven, reports } = of(seen, party);
        expect([missingDecoys, unproven]).toEqual([count, []]);
        const report = { kind: "decoy-missing", count, of: 2, party, pairing: pairingOf(party, counterpart) };
        expect(reports).toEqual([expect.objectContaining(report)]);
      }
    }
  });
});

describe("seals", () => {
  const digest = (): string => randomBytes(32).toString("base64url");
  /** What AT is asked to seal. @returns What it signed. */
  async function askToSeal(vault: Vault, sealed: readonly SealedBatch[], t2: string): Promise<Seal[]> {
    const signed: Seal[] = [];
    const view = { ...closedView, sealed: [...sealed], t2 };
    const connection: Pick<Connection, "round" | "postSeal"> = {
      round: () => Promise.resolve(view),
      postSeal: (seal) => {
        signed.push(seal);
        return Promise.resolve(view);
      },
    };
    await expect(sealRound(connection, vault, ROUND)).rejects.toMatchObject({ code: "round-confirmation-failed" });
    return signed;
  }
  const without = (from: string, to: string) => (sealed: readonly SealedBatch[]) =>
    sealed.filter((each) => each.from !== from || each.to !== to);
  const withOther = (from: string, to: string) => (sealed: readonly SealedBatch[]) =>
    sealed.map((each) => (each.from === from && each.to === to ? { ...each, digest: digest() } : each));

  test(`over other batches than were sent are not signed, ${RUNS} of ${RUNS}`, async () => {
    const lies = [
      withOther("AT", "HR"),
      withOther("AT", "SI"),
      without("AT", "HR"),
      without("HR", "AT"),
      (sealed: readonly SealedBatch[]) => [...sealed, { digest: digest(), from: "AT", to: "LU" }],
      (sealed: readonly SealedBatch[]) => [...sealed, { digest: digest(), from: "AT", to: "HR" }],
    ];
    for (let run = 0; run < RUNS; run++)
      await withCopy(of(unsealed, "AT"), async (vault) => {
        const lie = lies[run % (lies.length + 1)];
        const sealed = lie?.(closedView.sealed) ?? closedView.sealed;
        const t2 = lie === undefined ? digest() : transcriptT2(transcriptOf(closedView), sealed);
        expect(await askToSeal(vault, sealed, t2)).toEqual([]);
        expect(vault.seal(ROUND)).toBeNull();
      });
  });

  test(`over another T2 than before are not signed, ${RUNS} of ${RUNS}`, async () => {
    for (let run = 0; run < RUNS; run++)
      await withCopy(of(unopened, "AT"), async (vault) => {
        const before = sealOf(vault, ROUND);
        const [from, to] = pick([
          ["HR", "AT"],
          ["HR", "SI"],
          ["SI", "HR"],
        ] as const);
        const sealed = withOther(from, to)(closedView.sealed);
        expect(await askToSeal(vault, sealed, transcriptT2(transcriptOf(closedView), sealed))).toEqual([]);
        expect(vault.seal(ROUND)).toBe(before);
      });
  });
});

describe("packages", () => {
  test(`of another round, T2 or party are refused and not acknowledged, ${RUNS} of ${RUNS}`, async () => {
    const server = connectAs(table, "AT");
    const old = await server.fetchPackage(OLD, "AT");
    const others = await connectAs(table, "HR").fetchPackage(ROUND, "HR");
    const t2 = (): string => randomBytes(32).toString("base64url");
    const lies: (() => Promise<Uint8Array>)[] = [
      () => packageOf("AT", {}, honest, { round: OLD }),
      () => packageOf("AT", {}, honest, { t2: t2() }),
      () => packageOf("AT", {}, honest, { party: "HR" }),
      () => packageOf("AT", {}, honest, { sections: [] }),
      () => Promise.resolve(old),
      () => Promise.resolve(others),
    ];
    for (let run = 0; run < RUNS; run++)
      await withCopy(of(unopened, "AT"), async (vault) => {
        const said: Acknowledgement[] = [];
        const connection: Pick<Connection, "fetchPackage" | "acknowledge"> = {
          fetchPackage: () => lies[run % lies.length]?.() ?? Promise.resolve(old),
          acknowledge: (acknowledgement) => {
            said.push(acknowledgement);
            return Promise.resolve(releasedView);
          },
        };
        await expect(acknowledgePackage(connection, vault, ROUND)).rejects.toMatchObject({ code: "package-invalid" });
        expect(said).toEqual([]);
        expect(vault.packageBox(ROUND)).toBeNull();
      });
  });

  test(`with a key that is not the pairing's are not opened, ${RUNS} of ${RUNS}`, async () => {
    const server = connectAs(table, "AT");
    const sealed = await server.fetchPackage(ROUND, "AT");
    const others = [
      of(await packageKeys(table.house, table.server.url, "AT", ROUND), "SI"),
      of(await packageKeys(table.house, table.server.url, "AT", OLD), "HR"),
    ];
    for (let run = 0; run < RUNS; run++)
      await withCopy(of(unopened, "AT"), async (vault) => {
        const key = others[run % 3] ?? randomBytes(32);
        const sealedKey = await sealPackageKey(key, boxKeyOf("AT"));
        const reports: Report[] = [];
        const connection = {
          fetchPackage: () => Promise.resolve(sealed),
          acknowledge: () => Promise.resolve(releasedView),
          packageKeys: () => Promise.resolve([{ counterpart: "HR", sealedKey }]),
          putReport: (report: Report) => {
            reports.push(report);
            return Promise.resolve();
          },
        };
        await acknowledgePackage(connection, vault, ROUND);
        const opened = openHits(connection, vault, ROUND, SHIPPED_PROFILE);
        await expect(opened).rejects.toMatchObject({ code: "package-invalid" });
        expect(vault.section(ROUND, "HR")).toBeNull();
      });
  });
});

describe("answers", () => {
  /** Hands AT these answers of HR's. @returns How many hits are unproven, and what was reported. */
  async function handOver(sealed: Uint8Array): Promise<{ unproven: number; reports: Report[] }> {
    const reports: Report[] = [];
    return withCopy(unanswered, async (vault) => {
      const connection: Parameters<typeof exchangeAnswers>[0] = {
        round: () => Promise.resolve(releasedView),
        putAnswers: () => Promise.reject(new Error("AT has answered")),
        fetchAnswers: (_round, from) => (from === "HR" ? Promise.resolve(sealed) : honestAnswers(from)),
        putReport: (report) => {
          reports.push(report);
          return Promise.resolve();
        },
      };
      await exchangeAnswers(connection, vault, ROUND);
      const unproven = (vault.answers(ROUND, "HR") ?? []).filter(({ proven }) => !proven).length;
      return { unproven, reports };
    });
  }
  const honestAnswers = (from: string): Promise<Uint8Array> => connectAs(table, "AT").fetchAnswers(ROUND, from, "AT");
  async function expectAllUnproven(sealed: Uint8Array): Promise<void> {
    const all = hitCount("AT", "HR");
    const { unproven, reports } = await handOver(sealed);
    expect(unproven).toBe(all);
    expect(reports).toEqual([unprovenReport("AT", "HR", all, all)]);
  }

  test(`of another pairing or an old round prove nothing, ${RUNS} of ${RUNS}`, async () => {
    expect(await handOver(await honestAnswers("HR"))).toEqual({ unproven: 0, reports: [] });
    const others = [
      await honestAnswers("SI"),
      await connectAs(table, "AT").fetchAnswers(OLD, "HR", "AT"),
      await connectAs(table, "HR").fetchAnswers(ROUND, "AT", "HR"),
      await connectAs(table, "SI").fetchAnswers(ROUND, "HR", "SI"),
    ];
    for (let run = 0; run < RUNS; run++) await expectAllUnproven(others[run % others.length] ?? new Uint8Array());
  });

  test(`changed in one byte prove nothing, ${RUNS} of ${RUNS}`, async () => {
    const sealed = await honestAnswers("HR");
    for (let run = 0; run < RUNS; run++) {
      const other = sealed.slice();
      const at = randomInt(other.length);
      other[at] = (other[at] ?? 0) ^ (1 + randomInt(255));
      await expectAllUnproven(other);
    }
  });
});
