/**
 * A secretariat that is not honest: what it gives out in place of the truth is caught by a real client in 100 of 100 runs.
 * Batches, hits, packages and answers are those of two rounds over a real server, each attack starts from the vaults as
 * they stood before it, and what the clients then post stays with the attacker.
 */
import { randomBytes, randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchangeAnswers } from "#client/answers.ts";
import type { Connection } from "#client/http.ts";
import { acknowledgePackage, openHits, pairingOf, sealOf } from "#client/release.ts";
import { sealRound } from "#client/seal.ts";
import type { Vault } from "#client/vault.ts";
import type { Acknowledgement, Report, Seal } from "#engine/round/acts.ts";
import { cellsText, sealPackageKey, type Hit } from "#engine/round/package.ts";
import { transcriptT2, type SealedBatch } from "#engine/round/transcript.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { packageKeys } from "../../server/acts.ts";
import { transcriptOf } from "../../server/harness.ts";
import {
  boxKeyOf,
  of,
  OLD,
  packageOf,
  playRounds,
  release,
  ROUND,
  SIDES,
  withCopy,
  type Hits,
  type PlayedRounds,
} from "./played-rounds.ts";
import { closeTable, connectAs, vaultOfParty } from "./table.ts";

const RUNS = 100;

let played: PlayedRounds;
beforeAll(async () => {
  played = await playRounds();
});
afterAll(() => closeTable(played.table));

function pick<T>(values: readonly T[]): T {
  const value = values[randomInt(values.length)];
  if (value === undefined) throw new RangeError("there is nothing to pick");
  return value;
}

/** The hits of each side, with AT's and HR's changed. */
function changed(change: (party: string, counterpart: string, hits: readonly Hit[]) => readonly Hit[]): Hits {
  const hits = new Map(played.honest);
  for (const [party, counterpart] of SIDES)
    hits.set(`${party}-${counterpart}`, change(party, counterpart, of(played.honest, `${party}-${counterpart}`)));
  return hits;
}

/** Handles of the rows that stand for a record, with the person's number. */
function recordsOf(party: string, counterpart: string): { handle: string; person: string; row: number }[] {
  const entries = vaultOfParty(played.table, party).readHandleMap(ROUND, counterpart);
  return [...entries.values()].map(({ handle, refs, row }) => ({ handle, row, person: refs[0]?.slice(3) ?? "" }));
}

/** Upper halves of the keys that the server sees at a row, one for each rule: the best that it can name. */
function namedCells(party: string, counterpart: string, row: number, rules: readonly number[]): string {
  const { columns } = of(played.batches, `${party}-${counterpart}`);
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
  vaultOfParty(played.table, party).section(ROUND, counterpart)?.hits.length ?? 0;

test("an honest secretariat is believed: every hit proven, no decoy missing, nothing reported", async () => {
  for (const [party, { missingDecoys, unproven, reports }] of await release(played, played.honest)) {
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
      const seen = await release(played, hits);
      for (const [party, counterpart] of SIDES) {
        const { unproven, reports } = of(seen, party);
        expect(unproven).toEqual([hit]);
        expect(reports).toEqual([unprovenReport(party, counterpart, 1, hitCount(party, counterpart) + 1)]);
      }
    }
  });

  test(`that it copied onto another row are unproven at both sides, ${RUNS} of ${RUNS}`, async () => {
    for (let run = 0; run < RUNS; run++) {
      const decoys = vaultOfParty(played.table, "AT").decoys(ROUND, "HR");
      const copied = pick(of(played.honest, "AT-HR").filter(({ handle }) => !decoys.has(handle)));
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
      const seen = await release(played, hits);
      for (const [party, counterpart] of SIDES) {
        const { unproven, reports } = of(seen, party);
        expect(unproven).toEqual([hit]);
        expect(reports).toEqual([unprovenReport(party, counterpart, 1, hitCount(party, counterpart) + 1)]);
      }
    }
  });

  test(`that it left out, a decoy among them, are missed and reported, ${RUNS} of ${RUNS}`, async () => {
    for (let run = 0; run < RUNS; run++) {
      const handles = vaultOfParty(played.table, "AT").decoys(ROUND, "HR");
      const decoys = of(played.honest, "AT-HR").flatMap(({ handle, hit }) => (handles.has(handle) ? [hit] : []));
      const one = pick(decoys);
      const dropped = new Set(
        of(played.honest, "AT-HR")
          .flatMap(({ hit }) => (randomInt(3) === 0 ? [hit] : []))
          .concat(one),
      );
      const count = decoys.filter((hit) => dropped.has(hit)).length;
      const seen = await release(
        played,
        changed((_party, _counterpart, hits) => hits.filter(({ hit }) => !dropped.has(hit))),
      );
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
    const view = { ...played.closedView, sealed: [...sealed], t2 };
    const connection: Pick<Connection, "round" | "postSeal"> = {
      round: () => Promise.resolve(view),
      postSeal: (seal) => {
        signed.push(seal);
        return Promise.resolve(view);
      },
    };
    await expect(sealRound(connection, vault, ROUND, new Date())).rejects.toMatchObject({
      code: "round-confirmation-failed",
    });
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
      await withCopy(played, of(played.unsealed, "AT"), async (vault) => {
        const lie = lies[run % (lies.length + 1)];
        const sealed = lie?.(played.closedView.sealed) ?? played.closedView.sealed;
        const t2 = lie === undefined ? digest() : transcriptT2(transcriptOf(played.closedView), sealed);
        expect(await askToSeal(vault, sealed, t2)).toEqual([]);
        expect(vault.seal(ROUND)).toBeNull();
      });
  });

  test("past their deadline are not signed, and K_tag is gone", async () => {
    const { closedView, unsealed } = played;
    await withCopy(played, of(unsealed, "AT"), async (vault) => {
      const connection: Pick<Connection, "round" | "postSeal"> = {
        round: () => Promise.resolve(closedView),
        postSeal: () => Promise.reject(new Error("nothing is signed")),
      };
      const late = new Date(Date.parse(closedView.descriptor.deadlines.seals) + 1_000);
      await expect(sealRound(connection, vault, ROUND, late)).rejects.toMatchObject({ code: "round-deadline" });
      expect([vault.seal(ROUND), vault.pairings(ROUND)?.[0]?.keyTag]).toEqual([null, null]);
    });
  });

  test(`over another T2 than before are not signed, ${RUNS} of ${RUNS}`, async () => {
    for (let run = 0; run < RUNS; run++)
      await withCopy(played, of(played.unopened, "AT"), async (vault) => {
        const before = sealOf(vault, ROUND);
        const [from, to] = pick([
          ["HR", "AT"],
          ["HR", "SI"],
          ["SI", "HR"],
        ] as const);
        const sealed = withOther(from, to)(played.closedView.sealed);
        expect(await askToSeal(vault, sealed, transcriptT2(transcriptOf(played.closedView), sealed))).toEqual([]);
        expect(vault.seal(ROUND)).toBe(before);
      });
  });
});

describe("packages", () => {
  test(`of another round, T2 or party are refused and not acknowledged, ${RUNS} of ${RUNS}`, async () => {
    const server = connectAs(played.table, "AT");
    const old = await server.fetchPackage(OLD, "AT");
    const others = await connectAs(played.table, "HR").fetchPackage(ROUND, "HR");
    const t2 = (): string => randomBytes(32).toString("base64url");
    const lies: (() => Promise<Uint8Array>)[] = [
      () => packageOf(played, "AT", {}, played.honest, { round: OLD }),
      () => packageOf(played, "AT", {}, played.honest, { t2: t2() }),
      () => packageOf(played, "AT", {}, played.honest, { party: "HR" }),
      () => packageOf(played, "AT", {}, played.honest, { sections: [] }),
      () => Promise.resolve(old),
      () => Promise.resolve(others),
    ];
    for (let run = 0; run < RUNS; run++)
      await withCopy(played, of(played.unopened, "AT"), async (vault) => {
        const said: Acknowledgement[] = [];
        const connection: Pick<Connection, "round" | "fetchPackage" | "acknowledge"> = {
          round: () => Promise.resolve(played.releasedView),
          fetchPackage: () => lies[run % lies.length]?.() ?? Promise.resolve(old),
          acknowledge: (acknowledgement) => {
            said.push(acknowledgement);
            return Promise.resolve(played.releasedView);
          },
        };
        await expect(acknowledgePackage(connection, vault, ROUND)).rejects.toMatchObject({ code: "package-invalid" });
        expect(said).toEqual([]);
        expect(vault.packageBox(ROUND)).toBeNull();
      });
  });

  test(`with a key that is not the pairing's are not opened, ${RUNS} of ${RUNS}`, async () => {
    const server = connectAs(played.table, "AT");
    const sealed = await server.fetchPackage(ROUND, "AT");
    const others = [
      of(await packageKeys(played.table.house, played.table.server.url, "AT", ROUND), "SI"),
      of(await packageKeys(played.table.house, played.table.server.url, "AT", OLD), "HR"),
    ];
    for (let run = 0; run < RUNS; run++)
      await withCopy(played, of(played.unopened, "AT"), async (vault) => {
        const key = others[run % 3] ?? randomBytes(32);
        const sealedKey = await sealPackageKey(key, boxKeyOf(played.table, "AT"));
        const reports: Report[] = [];
        const connection = {
          round: () => Promise.resolve(played.releasedView),
          fetchPackage: () => Promise.resolve(sealed),
          acknowledge: () => Promise.resolve(played.releasedView),
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
    return withCopy(played, played.unanswered, async (vault) => {
      const connection: Parameters<typeof exchangeAnswers>[0] = {
        round: () => Promise.resolve(played.releasedView),
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
  const honestAnswers = (from: string): Promise<Uint8Array> =>
    connectAs(played.table, "AT").fetchAnswers(ROUND, from, "AT");
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
      await connectAs(played.table, "AT").fetchAnswers(OLD, "HR", "AT"),
      await connectAs(played.table, "HR").fetchAnswers(ROUND, "AT", "HR"),
      await connectAs(played.table, "SI").fetchAnswers(ROUND, "HR", "SI"),
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
