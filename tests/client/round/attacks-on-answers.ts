/**
 * What a secretariat can try with answers: those of others, changed ones, and some that it made itself.
 */
import { randomBytes, randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { exchangeAnswers } from "#client/answers.ts";
import { sealOf } from "#client/report.ts";
import { resultsOf } from "#client/results.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Report } from "#engine/round/acts.ts";
import { sealAnswers } from "#engine/round/answers.ts";
import { makeIdentity } from "#engine/round/identity.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import {
  boxKeyOf,
  hitCount,
  of,
  OLD,
  reportBox,
  reportOf,
  ROUND,
  RUNS,
  withCopy,
  type PlayedRounds,
} from "./played-rounds.ts";
import { connectAs, vaultOfParty } from "./table.ts";

export function attacksOnAnswers(played: () => PlayedRounds): void {
  const honestAnswers = (from: string): Promise<Uint8Array> =>
    connectAs(played().table, "AT").fetchAnswers(ROUND, from, "AT");

  /** Hands AT these answers of HR's. @returns How many hits are unproven, and what was reported. */
  async function handOver(sealed: Uint8Array, ofSI: Uint8Array): Promise<{ unproven: number; reports: Report[] }> {
    return withCopy(played(), played().unanswered, async (vault) => {
      const connection = {
        ...reportBox(),
        round: () => Promise.resolve(played().releasedView),
        putAnswers: () => Promise.reject(new Error("AT has answered")),
        fetchAnswers: (_round: string, from: string) => Promise.resolve(from === "HR" ? sealed : ofSI),
      };
      await exchangeAnswers(connection, vault, ROUND, new Date());
      const unproven = (vault.answers(ROUND, "HR") ?? []).filter(({ proven }) => !proven).length;
      return { unproven, reports: connection.reports() };
    });
  }

  async function expectAllUnproven(sealed: Uint8Array, ofSI: Uint8Array): Promise<void> {
    const all = hitCount(played(), "AT", "HR");
    const { unproven, reports } = await handOver(sealed, ofSI);
    expect(unproven).toBe(all);
    expect(reports).toMatchObject([reportOf("unproven", "AT", "HR", all, all)]);
  }

  describe("answers", () => {
    test(`of another pairing or an old round prove nothing, ${RUNS} of ${RUNS}`, async () => {
      const ofSI = await honestAnswers("SI");
      expect(await handOver(await honestAnswers("HR"), ofSI)).toEqual({ unproven: 0, reports: [] });
      const others = [
        ofSI,
        await connectAs(played().table, "AT").fetchAnswers(OLD, "HR", "AT"),
        await connectAs(played().table, "HR").fetchAnswers(ROUND, "AT", "HR"),
        await connectAs(played().table, "SI").fetchAnswers(ROUND, "HR", "SI"),
      ];
      for (let run = 0; run < RUNS; run++)
        await expectAllUnproven(others[run % others.length] ?? new Uint8Array(), ofSI);
    });

    test("that the server refuses of one pairing, with its reports, hold up no other, and the hits stay open", async () => {
      const ofSI = await honestAnswers("SI");
      const late = new LinkageError("round-deadline", "answers are over");
      // Of AT's own answers to HR the server says that they are not in.
      const pairings = played().releasedView.pairings.map((each) =>
        each.pairing.join() === "AT,HR" ? { ...each, answered: ["HR"] } : each,
      );
      await withCopy(played(), played().unanswered, async (vault) => {
        const connection = {
          round: () => Promise.resolve({ ...played().releasedView, pairings }),
          putAnswers: () => Promise.reject(late),
          fetchAnswers: () => Promise.resolve(ofSI),
          putReport: () => Promise.reject(late),
        };
        expect(await exchangeAnswers(connection, vault, ROUND, new Date())).toEqual({
          answered: ["SI"],
          waitingFor: ["HR"],
          faults: [],
          refused: [{ counterpart: "HR", what: "own answers", code: "round-deadline" }],
        });
        const broken = { ...connection, putAnswers: () => Promise.resolve(), fetchAnswers: () => Promise.reject(late) };
        const { answers } = vault.descriptor(ROUND)?.deadlines ?? { answers: "" };
        const after = await exchangeAnswers(broken, vault, ROUND, new Date(Date.parse(answers) + 120_000));
        expect(after).toMatchObject({
          answered: ["SI"],
          faults: [{ counterpart: "HR", kind: "unanswered" }],
          refused: [{ counterpart: "HR", what: "report", code: "round-deadline" }],
        });
        expect(resultsOf(vault, ROUND, SHIPPED_PROFILE, new Date())).not.toEqual([]);
      });
    });

    test(`changed in one byte prove nothing, ${RUNS} of ${RUNS}`, async () => {
      const [sealed, ofSI] = [await honestAnswers("HR"), await honestAnswers("SI")];
      for (let run = 0; run < RUNS; run++) {
        const other = sealed.slice();
        const at = randomInt(other.length);
        other[at] = (other[at] ?? 0) ^ (1 + randomInt(255));
        await expectAllUnproven(other, ofSI);
      }
    });

    test(`made up by one who has any key but HR's prove nothing, ${RUNS} of ${RUNS}`, async () => {
      const ofSI = await honestAnswers("SI");
      const direction = { round: ROUND, t2: sealOf(played().unanswered, ROUND), from: "HR", to: "AT" };
      const empty = { accuracy: "", handling: "", originTags: [], reliability: "", riskIndicators: [] } as const;
      for (let run = 0; run < RUNS; run++) {
        const answers = of(played().honest, "AT-HR").map(({ hit }) => ({
          hit,
          notice: { ...empty, contact: "desk", originTags: [], riskIndicators: [] },
          proof: randomBytes(32).toString("base64url"),
        }));
        const signer = run % 2 === 0 ? makeIdentity("HR") : vaultOfParty(played().table, "SI").identity;
        // Even with K_notice, which it has not.
        const pairing = played()
          .unanswered.pairings(ROUND)
          ?.find(({ counterpart }) => counterpart === "HR");
        if (!pairing?.keyNotice) throw new RangeError("AT has no K_notice");
        const to = { boxKey: boxKeyOf(played().table, "AT"), keyNotice: pairing.keyNotice };
        await expectAllUnproven(await sealAnswers(direction, answers, answers.length, signer, to), ofSI);
      }
    });
  });
}
