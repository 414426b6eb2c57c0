/**
 * What else a secretariat can try between the seal and the answers: two histories of what was sealed, other batches than
 * those sealed, a package changed once it was acknowledged, a key for one side only, and hits left out one by one.
 */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchangeAnswers } from "#client/answers.ts";
import { acknowledgePackage, openHits, sealOf } from "#client/release.ts";
import { resultsOf } from "#client/results.ts";
import { sealRound } from "#client/seal.ts";
import type { Vault } from "#client/vault.ts";
import type { Acknowledgement, Report, Seal } from "#engine/round/acts.ts";
import { sealAnswers } from "#engine/round/answers.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { sealPackageKey, type Hit } from "#engine/round/package.ts";
import { signStatement } from "#engine/round/statement.ts";
import { transcriptT2, type SealedBatch } from "#engine/round/transcript.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { transcriptOf } from "../../server/harness.ts";
import { boxKeyOf, of, packageOf, playRounds, release, ROUND, withCopy, type PlayedRounds } from "./played-rounds.ts";
import { closeTable, vaultOfParty } from "./table.ts";

const RUNS = 100;

let played: PlayedRounds;
beforeAll(async () => {
  played = await playRounds();
});
afterAll(() => closeTable(played.table));

const allHits = (): readonly Hit[] => of(played.honest, "AT-HR");
const hitCount = (): number => vaultOfParty(played.table, "AT").section(ROUND, "HR")?.hits.length ?? 0;

/** A secretariat that serves AT alone; what AT posts is kept in `said`. */
function secretariatOf(key: Uint8Array, sealed: () => Promise<Uint8Array>) {
  const said = { fetches: 0, acknowledgements: [] as Acknowledgement[], reports: [] as Report[] };
  const connection = {
    round: () => Promise.resolve(played.releasedView),
    fetchPackage: () => {
      said.fetches++;
      return sealed();
    },
    acknowledge: (acknowledgement: Acknowledgement) => {
      said.acknowledgements.push(acknowledgement);
      return Promise.resolve(played.releasedView);
    },
    packageKeys: async () => [
      { counterpart: "HR", sealedKey: await sealPackageKey(key, boxKeyOf(played.table, "AT")) },
    ],
    putReport: (report: Report) => Promise.resolve(void said.reports.push(report)),
  };
  return { said, connection };
}

describe("two histories of what was sealed", () => {
  /** A vault as it stands when its party has co-signed this list. */
  async function sealedWith(vault: Vault, sealed: readonly SealedBatch[]): Promise<Seal[]> {
    const signed: Seal[] = [];
    const t2 = transcriptT2(transcriptOf(played.closedView), sealed);
    const view = { ...played.closedView, sealed: [...sealed], t2 };
    const postSeal = (seal: Seal) => {
      signed.push(seal);
      return Promise.resolve(view);
    };
    await sealRound({ round: () => Promise.resolve(view), postSeal }, vault, ROUND, new Date());
    return signed;
  }

  test(
    `are each signed, and neither side acknowledges a package of them, ${RUNS} of ${RUNS}`,
    { timeout: 180_000 },
    async () => {
      const { closedView, releasedView, table } = played;
      // AT can check neither.
      const unseen = closedView.sealed.filter(({ from }) => from !== "AT");
      expect(unseen).toHaveLength(4);
      for (let run = 0; run < RUNS; run++)
        await withCopy(played, of(played.unsealed, "AT"), (at) =>
          withCopy(played, of(played.unsealed, "HR"), async (hr) => {
            const lied = unseen[run % unseen.length];
            const digest = randomBytes(32).toString("base64url");
            const other = closedView.sealed.map((each) => (each === lied ? { ...each, digest } : each));
            const seals = [...(await sealedWith(at, other)), ...(await sealedWith(hr, closedView.sealed))];
            expect(new Set(seals.map(({ t2 }) => t2)).size).toBe(2);
            for (const vault of [at, hr]) {
              const t2 = sealOf(vault, ROUND);
              // Both operators go along with it; no seal of the other side's is over this T2.
              const approvals = table.house.cast.operators.map((operator) =>
                signStatement(operator, "approval", {
                  ...{ act: "release" as const, operator: operator.id, round: ROUND, t0: closedView.t0, t2 },
                }),
              );
              const shown = { ...releasedView, t2, approvals, seals: seals.map((seal) => ({ ...seal, t2 })) };
              const connection = {
                round: () => Promise.resolve(shown),
                fetchPackage: () => Promise.reject(new Error("nothing is fetched")),
                acknowledge: () => Promise.reject(new Error("nothing is acknowledged")),
              };
              await expect(acknowledgePackage(connection, vault, ROUND)).rejects.toMatchObject({
                code: "statement-signature",
                detail: expect.stringContaining(vault === at ? "HR" : "AT") as string,
              });
            }
          }),
        );
    },
  );
});

test("batches of other pairings or directions have no key in common, so that swapped ones give no hit and no decoy", async () => {
  const keys = [...played.batches].map(([name, { columns }]) => ({
    name,
    keys: columns.map(({ upper, lower }) => new Set(Array.from(upper, (half, at) => `${half} ${lower[at] ?? 0}`))),
  }));
  expect(keys).toHaveLength(6);
  for (const one of keys)
    for (const other of keys) {
      if (one === other) continue;
      const common = one.keys.flatMap((rule, at) => [...rule].filter((key) => other.keys[at]?.has(key)));
      const [from, to] = other.name.split("-");
      if (one.name === `${to}-${from}`) expect(common.length, `${one.name} ${other.name}`).toBeGreaterThan(10);
      else expect(common, `${one.name} ${other.name}`).toEqual([]);
    }
  const none = new Map([...played.honest.keys()].map((name) => [name, []]));
  for (const [, { missingDecoys, reports }] of await release(played, none)) {
    expect(missingDecoys).toBe(2);
    expect(reports).toMatchObject([{ kind: "decoy-missing", count: 2, of: 2 }]);
  }
});

test(`a package changed once it was acknowledged is not asked for, and its key opens nothing, ${RUNS} of ${RUNS}`, async () => {
  const sealed = await packageOf(played, "AT", { HR: randomBytes(32) }, played.honest);
  for (let run = 0; run < RUNS; run++)
    await withCopy(played, of(played.unopened, "AT"), async (vault) => {
      const key = randomBytes(32);
      const fewer = new Map([["AT-HR", allHits().slice(run % allHits().length)]]);
      const given = [sealed, await packageOf(played, "AT", { HR: key }, fewer)];
      const { said, connection } = secretariatOf(key, () => Promise.resolve(given[said.fetches - 1] ?? sealed));
      await acknowledgePackage(connection, vault, ROUND);
      await acknowledgePackage(connection, vault, ROUND);
      const [first, second] = said.acknowledgements;
      expect(second).toEqual(first);
      const opened = openHits(connection, vault, ROUND, SHIPPED_PROFILE);
      await expect(opened).rejects.toMatchObject({ code: "package-invalid" });
      expect(said.fetches).toBe(1);
      expect(vault.section(ROUND, "HR")).toBeNull();
    });
});

describe("a key for one side only", () => {
  test("is not prevented: that side sees its hits, which no answer ever proves; the other knows itself closed", async () => {
    const key = randomBytes(32);
    const { said, connection } = secretariatOf(key, () => packageOf(played, "AT", { HR: key }, played.honest));
    const silent = {
      ...played.releasedView,
      pairings: played.releasedView.pairings.map((each) => ({
        ...each,
        answered: each.answered.filter((id) => id === "AT"),
      })),
    };
    const kept = {
      ...connection,
      round: () => Promise.resolve(silent),
      putAnswers: () => Promise.resolve(),
      fetchAnswers: () => Promise.reject(new Error("there are none")),
    };
    await withCopy(played, of(played.unopened, "AT"), async (vault) => {
      await acknowledgePackage(kept, vault, ROUND);
      expect(await openHits(kept, vault, ROUND, SHIPPED_PROFILE)).toMatchObject({ opened: ["HR"], closed: ["SI"] });
      expect(await exchangeAnswers(kept, vault, ROUND)).toMatchObject({ answered: [], waitingFor: ["HR"] });
      const rows = resultsOf(vault, ROUND, SHIPPED_PROFILE);
      expect(rows).toHaveLength(hitCount());
      expect(new Set(rows.map(({ finding }) => finding))).toEqual(new Set(["waiting"]));
      expect(said.reports).toEqual([]);
    });
    await withCopy(played, of(played.unopened, "HR"), async (vault) => {
      const shut = {
        ...connection,
        fetchPackage: () => packageOf(played, "HR", {}, played.honest),
        packageKeys: () => Promise.resolve([]),
      };
      await acknowledgePackage(shut, vault, ROUND);
      expect(await openHits(shut, vault, ROUND, SHIPPED_PROFILE)).toMatchObject({ opened: [], closed: ["AT", "SI"] });
    });
  });

  test(`and answers made up for the other are reported as unproven, ${RUNS} of ${RUNS}`, async () => {
    const direction = { round: ROUND, t2: sealOf(vaultOfParty(played.table, "AT"), ROUND), from: "HR", to: "AT" };
    const notice = {
      accuracy: "",
      contact: "desk",
      handling: "",
      originTags: [],
      reliability: "",
      riskIndicators: [],
    } as const;
    for (let run = 0; run < RUNS; run++)
      await withCopy(played, played.unanswered, async (vault) => {
        const answers = allHits().map(({ hit }) => ({
          ...{ hit, notice: { ...notice, originTags: [], riskIndicators: [] } },
          proof: randomBytes(32).toString("base64url"),
        }));
        // It has any key but HR's.
        const signer = run % 2 === 0 ? makeIdentity("HR") : vaultOfParty(played.table, "SI").identity;
        // Even with K_notice, which it has not.
        const keyNotice = vault.pairings(ROUND)?.find(({ counterpart }) => counterpart === "HR")?.keyNotice;
        if (!keyNotice) throw new RangeError("AT has no K_notice");
        const to = { boxKey: boxKeyOf(played.table, "AT"), keyNotice };
        const sealed = await sealAnswers(direction, answers, answers.length, signer, to);
        const { said, connection } = secretariatOf(randomBytes(32), () => Promise.reject(new Error("AT has it")));
        await exchangeAnswers(
          {
            ...connection,
            round: () => Promise.resolve(played.releasedView),
            putAnswers: () => Promise.reject(new Error("AT has answered")),
            fetchAnswers: () => Promise.resolve(sealed),
          },
          vault,
          ROUND,
        );
        const proven = (vault.answers(ROUND, "HR") ?? []).map((answer) => answer.proven);
        expect(new Set(proven)).toEqual(new Set([false]));
        const withHR = said.reports.filter(({ pairing }) => pairing.includes("HR"));
        expect(withHR).toMatchObject([{ kind: "unproven", count: hitCount(), of: hitCount() }]);
      });
  });
});

describe("hits left out", () => {
  /** @returns How many decoys AT misses when these hits alone are left out. */
  async function missing(leftOut: ReadonlySet<Hit>): Promise<number> {
    const hits = new Map([["AT-HR", allHits().filter((hit) => !leftOut.has(hit))]]);
    const key = randomBytes(32);
    const { connection } = secretariatOf(key, () => packageOf(played, "AT", { HR: key }, hits));
    return withCopy(played, of(played.unopened, "AT"), async (vault) => {
      await acknowledgePackage(connection, vault, ROUND);
      return (await openHits(connection, vault, ROUND, SHIPPED_PROFILE)).missingDecoys.get("HR") ?? 0;
    });
  }
  const decoys = (): readonly Hit[] => {
    const handles = vaultOfParty(played.table, "AT").decoys(ROUND, "HR");
    return allHits().filter(({ handle }) => handles.has(handle));
  };

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

  test(`with all decoys among them always show, ${RUNS} of ${RUNS}`, async () => {
    for (let run = 0; run < RUNS; run++) {
      const others = allHits().filter((_, at) => ((run * 37) >>> (at % 8)) % 2 === 1);
      expect(await missing(new Set([...decoys(), ...others]))).toBe(2);
    }
  });
});
