/**
 * What a secretariat can try with hits: made up, copied, at rows of no record, left out.
 */
import { randomBytes, randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { acknowledgePackage, openHits } from "#client/release.ts";
import { handleOf } from "#engine/batch/read.ts";
import { cellsOf, cellsText, sealPackageKey, type Hit } from "#engine/round/package.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import {
  boxKeyOf,
  changed,
  hitCount,
  of,
  packageOf,
  pick,
  release,
  reportBox,
  reportOf,
  ROUND,
  RUNS,
  SIDES,
  withCopy,
  type PlayedRounds,
} from "./played-rounds.ts";
import { vaultOfParty } from "./table.ts";

const freshHit = (): string => Buffer.concat([Buffer.of(1), randomBytes(15)]).toString("base64url");
const patternOf = (rules: readonly number[]): number => rules.reduce((sum, rule) => sum + 2 ** rule, 0);

/** One to four rules, in order. */
function someRules(): number[] {
  const rules = Array.from({ length: 1 + randomInt(4) }, () => randomInt(SHIPPED_PROFILE.rules.length));
  return [...new Set(rules)].sort((a, b) => a - b);
}

export function attacksOnHits(played: () => PlayedRounds): void {
  /** Rows that stand for a record, with the person's number. */
  function recordsOf(party: string, counterpart: string): { handle: string; person: string; row: number }[] {
    const entries = vaultOfParty(played().table, party).readHandleMap(ROUND, counterpart);
    return [...entries.values()].map(({ handle, refs, row }) => ({ handle, row, person: refs[0]?.slice(3) ?? "" }));
  }

  /** Upper halves of the keys that the server sees at a row, one for each rule: the best that it can name. */
  function namedCells(party: string, counterpart: string, row: number, rules: readonly number[]): string {
    const { columns } = of(of(played().batches, ROUND), `${party}-${counterpart}`);
    return cellsText(
      rules.map((rule) => {
        const column = columns[rule];
        if (column === undefined) throw new RangeError(`no column of rule ${rule}`);
        return pick([...column.upper].filter((_, at) => column.row[at] === row));
      }),
    );
  }

  const decoysOf = (party: string, counterpart: string): ReadonlySet<string> =>
    vaultOfParty(played().table, party).decoys(ROUND, counterpart);

  /** Gives these hits out. Expects one more than the honest ones, `hit`, to be unproven at both sides. */
  async function expectUnproven(hits: Parameters<typeof release>[1], hit: string): Promise<void> {
    const seen = await release(played(), hits);
    for (const [party, counterpart] of SIDES) {
      const { unproven, reports } = of(seen, party);
      expect(unproven).toEqual([hit]);
      const all = hitCount(played(), party, counterpart) + 1;
      expect(reports).toMatchObject([reportOf("unproven", party, counterpart, 1, all)]);
    }
  }

  describe("hits", () => {
    test("of an honest secretariat are believed: every one proven, no decoy missing, nothing reported", async () => {
      for (const [party, { unproven, reports }] of await release(played(), played().honest))
        expect({ unproven, reports }, party).toEqual({ unproven: [], reports: [] });
      expect(hitCount(played(), "AT", "HR")).toBe(12);
    });

    test(`that it made up are unproven at both sides, ${RUNS} of ${RUNS}`, async () => {
      for (let run = 0; run < RUNS; run++) {
        const rules = someRules();
        const hit = freshHit();
        const ofAT = pick(recordsOf("AT", "HR"));
        const ofHR = pick(recordsOf("HR", "AT").filter(({ person }) => person !== ofAT.person));
        const hits = changed(played(), (party, counterpart, before) => {
          const { handle, row } = party === "AT" ? ofAT : ofHR;
          const cells = namedCells(party, counterpart, row, rules);
          // The band that most patterns can have.
          return [...before, { band: "low", cells, handle, hit, pattern: patternOf(rules) }];
        });
        await expectUnproven(hits, hit);
      }
    });

    test(`that it copied onto another row are unproven at both sides, ${RUNS} of ${RUNS}`, async () => {
      for (let run = 0; run < RUNS; run++) {
        const decoys = decoysOf("AT", "HR");
        const copied = pick(of(played().honest, "AT-HR").filter(({ handle }) => !decoys.has(handle)));
        const other = pick(recordsOf("AT", "HR").filter(({ handle }) => handle !== copied.handle));
        const rules = SHIPPED_PROFILE.rules.flatMap((_, rule) => (((copied.pattern >>> rule) & 1) === 1 ? [rule] : []));
        const hit = freshHit();
        // As it is, or with keys that the other row has.
        const cells = run % 2 === 0 ? copied.cells : namedCells("AT", "HR", other.row, rules);
        const hits = changed(played(), (party, _, before) => {
          const own = before.find((each) => each.hit === copied.hit);
          if (own === undefined) throw new RangeError("the hit is not at both sides");
          return [...before, party === "AT" ? { ...copied, cells, handle: other.handle, hit } : { ...own, hit }];
        });
        await expectUnproven(hits, hit);
      }
    });

    test(`that it doubled under other ids, whole or in part, are proven once, ${RUNS} of ${RUNS}`, async () => {
      for (let run = 0; run < RUNS; run++) {
        const decoys = decoysOf("AT", "HR");
        const one = pick(of(played().honest, "AT-HR").filter(({ handle }) => !decoys.has(handle)));
        const ids = Array.from({ length: 1 + randomInt(5) }, freshHit);
        const hits = changed(played(), (_party, _counterpart, before) => {
          const own = before.find(({ hit }) => hit === one.hit);
          if (own === undefined) throw new RangeError("the hit is not at both sides");
          const part =
            run % 2 === 0
              ? own
              : { ...own, pattern: own.pattern & -own.pattern, cells: cellsText(cellsOf(own).slice(0, 1)) };
          return [...before, ...ids.map((hit) => ({ ...own, ...part, hit }))];
        });
        const seen = await release(played(), hits);
        for (const [party, counterpart] of SIDES) {
          const { unproven, reports } = of(seen, party);
          expect(unproven).toHaveLength(ids.length);
          const all = hitCount(played(), party, counterpart) + ids.length;
          expect(reports).toMatchObject([reportOf("unproven", party, counterpart, ids.length, all)]);
        }
      }
    });

    test(`in a band that their pattern cannot have are unproven at both sides, ${RUNS} of ${RUNS}`, async () => {
      for (let run = 0; run < RUNS; run++) {
        const decoys = decoysOf("AT", "HR");
        const one = pick(of(played().honest, "AT-HR").filter(({ handle }) => !decoys.has(handle)));
        const hits = changed(played(), (_party, _counterpart, before) =>
          before.map((each) => (each.hit === one.hit ? { ...each, band: "low" } : each)),
        );
        for (const [, { unproven }] of await release(played(), hits)) expect(unproven).toEqual([one.hit]);
      }
    });

    test(`at a filler row or a decoy's are shown to nobody there, unproven at the other side, reported by both, ${RUNS} of ${RUNS}`, async () => {
      const [party, counterpart] = SIDES[0];
      const decoys = [...decoysOf(party, counterpart)];
      const records = new Set(recordsOf(party, counterpart).map(({ handle }) => handle));
      const batch = of(of(played().batches, ROUND), `${party}-${counterpart}`);
      const fillers = Array.from({ length: batch.rowCount }, (_, row) => handleOf(batch, row)).filter(
        (handle) => !records.has(handle) && !decoys.includes(handle),
      );
      expect(fillers.length).toBeGreaterThan(10);
      for (let run = 0; run < RUNS; run++) {
        const handle = pick(run % 2 === 0 ? fillers : decoys);
        const hit = freshHit();
        const theirs = pick(recordsOf(counterpart, party));
        // What it knows of the other side's row, or the same as of a hit that is true.
        const rules = someRules();
        const { cells, pattern } = pick([
          { cells: namedCells(counterpart, party, theirs.row, rules), pattern: patternOf(rules) },
          pick(of(played().honest, `${party}-${counterpart}`)),
        ]);
        const hits = changed(played(), (side, _, before) => [
          ...before,
          { band: "high", cells, handle: side === party ? handle : theirs.handle, hit, pattern },
        ]);
        const seen = await release(played(), hits);
        const all = hits.get(`${party}-${counterpart}`)?.length ?? 0;
        const shown = of(seen, party);
        expect(shown.rows.map((row) => row.hit)).not.toContain(hit);
        expect(shown.rows).toHaveLength(hitCount(played(), party, counterpart));
        expect(shown.reports).toMatchObject([reportOf("no-record", party, counterpart, 1, all)]);
        const other = of(seen, counterpart);
        expect(other.unproven).toEqual([hit]);
        const theirCount = hitCount(played(), counterpart, party) + 1;
        expect(other.reports).toMatchObject([reportOf("unproven", counterpart, party, 1, theirCount)]);
      }
    });

    test(`that it left out, a decoy among them, are missed and reported, ${RUNS} of ${RUNS}`, async () => {
      for (let run = 0; run < RUNS; run++) {
        const handles = decoysOf("AT", "HR");
        const decoys = of(played().honest, "AT-HR").flatMap(({ handle, hit }) => (handles.has(handle) ? [hit] : []));
        const some = of(played().honest, "AT-HR").flatMap(({ hit }) => (randomInt(3) === 0 ? [hit] : []));
        const dropped = new Set([...some, pick(decoys)]);
        const count = decoys.filter((hit) => dropped.has(hit)).length;
        const hits = changed(played(), (_party, _counterpart, before) => before.filter(({ hit }) => !dropped.has(hit)));
        const seen = await release(played(), hits);
        for (const [party, counterpart] of SIDES) {
          expect(of(seen, party).unproven).toEqual([]);
          expect(of(seen, party).reports).toMatchObject([reportOf("decoy-missing", party, counterpart, count, 2)]);
        }
      }
    });
  });

  describe("hits left out", () => {
    const allHits = (): readonly Hit[] => of(played().honest, "AT-HR");
    const decoys = (): readonly Hit[] => allHits().filter(({ handle }) => decoysOf("AT", "HR").has(handle));

    /** @returns How many decoys AT misses when these hits alone are left out. */
    async function missing(leftOut: ReadonlySet<Hit>): Promise<number> {
      const hits = new Map([["AT-HR", allHits().filter((hit) => !leftOut.has(hit))]]);
      const key = randomBytes(32);
      const sealedKey = await sealPackageKey(key, boxKeyOf(played().table, "AT"));
      const connection = {
        ...reportBox(),
        round: () => Promise.resolve(played().releasedView),
        fetchPackage: () => packageOf(played(), "AT", { HR: key }, hits),
        acknowledge: () => Promise.resolve(played().releasedView),
        packageKeys: () => Promise.resolve([{ counterpart: "HR", sealedKey }]),
      };
      return withCopy(played(), of(played().unopened, "AT"), async (vault) => {
        await acknowledgePackage(connection, vault, ROUND);
        const { faults } = await openHits(connection, vault, ROUND, SHIPPED_PROFILE, new Date());
        return faults.find(({ kind }) => kind === "decoy-missing")?.count ?? 0;
      });
    }

    // Of n hits with k decoys among them, one that takes m at random is caught unless it takes no decoy: 1 − C(n−k, m) / C(n, m).
    test("one or two at a time show just when a decoy is among them: in 2 of 14 cases, and in 25 of 91", async () => {
      const hits = allHits();
      expect([hits.length, decoys().length]).toEqual([14, 2]);
      let ofOne = 0;
      let ofTwo = 0;
      for (const [at, one] of hits.entries()) {
        const count = await missing(new Set([one]));
        expect(count).toBe(decoys().includes(one) ? 1 : 0);
        ofOne += count;
        for (const two of hits.slice(at + 1)) if ((await missing(new Set([one, two]))) > 0) ofTwo++;
      }
      expect([ofOne, ofTwo]).toEqual([2, 91 - 66]);
    });
  });
}
