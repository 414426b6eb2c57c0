/**
 * What a secretariat can try with packages and their keys: another package, a section that does not open, a key for one side only.
 */
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { exchangeAnswers } from "#client/answers.ts";
import { acknowledgePackage, openHits } from "#client/release.ts";
import { resultsCsv, resultsOf } from "#client/results.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Acknowledgement } from "#engine/round/acts.ts";
import { ReportList, type RoundView } from "#engine/round/messages.ts";
import { sealPackageKey } from "#engine/round/package.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { packageKeys } from "../../server/acts.ts";
import { officerSigning } from "../../server/harness.ts";
import { send } from "../../server/requests.ts";
import {
  boxKeyOf,
  hitCount,
  of,
  OLD,
  packageOf,
  pick,
  reportBox,
  reportOf,
  ROUND,
  RUNS,
  withCopy,
  type PlayedRounds,
} from "./played-rounds.ts";
import { connectAs } from "./table.ts";

const MINUTE_MS = 60_000;

export function attacksOnPackages(played: () => PlayedRounds): void {
  const packageKeysOf = (round: string): Promise<ReadonlyMap<string, Uint8Array>> =>
    packageKeys(played().table.house, played().table.server.url, "AT", round);
  const sealedFor = (party: string, key: Uint8Array): Promise<string> =>
    sealPackageKey(key, boxKeyOf(played().table, party));
  /** A secretariat that shows AT the end of the round. */
  const shown = () => ({
    ...reportBox(),
    round: (): Promise<RoundView> => Promise.resolve(played().releasedView),
    acknowledge: () => Promise.resolve(played().releasedView),
    putAnswers: () => Promise.resolve(),
  });

  describe("packages", () => {
    test(`of another round, T2 or party are refused and not acknowledged, ${RUNS} of ${RUNS}`, async () => {
      const old = await connectAs(played().table, "AT").fetchPackage(OLD, "AT");
      const others = await connectAs(played().table, "HR").fetchPackage(ROUND, "HR");
      const lies: (() => Promise<Uint8Array>)[] = [
        () => packageOf(played(), "AT", {}, played().honest, { round: OLD }),
        () => packageOf(played(), "AT", {}, played().honest, { t2: randomBytes(32).toString("base64url") }),
        () => packageOf(played(), "AT", {}, played().honest, { party: "HR" }),
        () => packageOf(played(), "AT", {}, played().honest, { sections: [] }),
        () => Promise.resolve(old),
        () => Promise.resolve(others),
      ];
      const vault = of(played().unopened, "AT");
      for (let run = 0; run < RUNS; run++) {
        const said: Acknowledgement[] = [];
        const connection = {
          ...shown(),
          fetchPackage: lies[run % lies.length] ?? (() => Promise.resolve(old)),
          acknowledge: (acknowledgement: Acknowledgement) => {
            said.push(acknowledgement);
            return Promise.resolve(played().releasedView);
          },
        };
        await expect(acknowledgePackage(connection, vault, ROUND)).rejects.toMatchObject({ code: "package-invalid" });
        expect(said).toEqual([]);
        expect(vault.packageBox(ROUND)).toBeNull();
      }
    });

    test(`with a section that does not open with its key are reported, and the other sections open, ${RUNS} of ${RUNS}`, async () => {
      const sealed = await connectAs(played().table, "AT").fetchPackage(ROUND, "AT");
      const ofSI = of(await packageKeysOf(ROUND), "SI");
      const others = [ofSI, of(await packageKeysOf(OLD), "HR")];
      for (let run = 0; run < RUNS; run++)
        await withCopy(played(), of(played().unopened, "AT"), async (vault) => {
          const bad = run % 4 === 3 ? "AAAA" : await sealedFor("AT", others[run % 4] ?? randomBytes(32));
          const keys = [
            { counterpart: "HR", sealedKey: bad },
            { counterpart: "SI", sealedKey: await sealedFor("AT", ofSI) },
          ];
          let fetches = 0;
          const connection = {
            ...shown(),
            // A second one, made for the key that is given out, is not asked for.
            fetchPackage: () =>
              fetches++ === 0 ? Promise.resolve(sealed) : Promise.reject(new Error("the package is kept")),
            packageKeys: () => Promise.resolve(keys),
          };
          await acknowledgePackage(connection, vault, ROUND);
          await acknowledgePackage(connection, vault, ROUND);
          const now = new Date();
          expect(await openHits(connection, vault, ROUND, SHIPPED_PROFILE, now)).toEqual({
            opened: ["SI"],
            closed: ["HR"],
            faults: [{ counterpart: "HR", kind: "section-invalid", count: 1, of: 1 }],
            refused: [],
          });
          expect(connection.reports()).toMatchObject([reportOf("section-invalid", "AT", "HR", 1, 1)]);
          expect(resultsOf(vault, ROUND, SHIPPED_PROFILE, now)).toHaveLength(hitCount(played(), "AT", "SI"));
        });
    });
  });

  describe("a key for one side only", () => {
    const after = (name: "acknowledgements" | "answers"): Date =>
      new Date(Date.parse(played().releasedView.descriptor.deadlines[name]) + 2 * MINUTE_MS);
    const withPairing = (change: Partial<RoundView["pairings"][number]>): RoundView => ({
      ...played().releasedView,
      pairings: played().releasedView.pairings.map((each) => ({ ...each, ...change })),
    });
    const refused = (code: "answers-unavailable" | "server-answer-invalid" | "round-state") => () =>
      Promise.reject(new LinkageError(code, "not handed over"));

    test(`is reported by the side that has it as unanswered, whatever the server says, ${RUNS} of ${RUNS}`, async () => {
      const lies = [
        withPairing({ answered: ["AT"] }),
        withPairing({ answered: ["AT", "HR"] }),
        withPairing({ answered: ["HR"] }),
        withPairing({ answered: [] }),
        withPairing({ answered: [], state: "closed" }),
        { ...played().releasedView, pairings: [] },
      ];
      await withCopy(played(), played().unanswered, async (vault) => {
        const rows = (now: Date) =>
          resultsOf(vault, ROUND, SHIPPED_PROFILE, now).filter(({ counterpart }) => counterpart === "HR");
        const before = { ...shown(), round: () => Promise.resolve(withPairing({ answered: ["AT"] })) };
        const early = { ...before, fetchAnswers: refused("answers-unavailable") };
        const waiting = await exchangeAnswers(early, vault, ROUND, after("acknowledgements"));
        expect(waiting).toMatchObject({ answered: [], waitingFor: ["HR", "SI"], faults: [] });
        expect(new Set(rows(after("acknowledgements")).map(({ finding }) => finding))).toEqual(new Set(["waiting"]));
        for (let run = 0; run < RUNS; run++) {
          const connection = {
            ...shown(),
            round: () => Promise.resolve(pick(lies)),
            fetchAnswers: refused(pick(["answers-unavailable", "server-answer-invalid", "round-state"])),
          };
          const { faults, waitingFor } = await exchangeAnswers(connection, vault, ROUND, after("answers"));
          expect(faults).toContainEqual({ counterpart: "HR", kind: "unanswered", count: 1, of: 1 });
          expect(waitingFor).toEqual([]);
          expect(connection.reports()).toMatchObject(["HR", "SI"].map((id) => reportOf("unanswered", "AT", id, 1, 1)));
          expect(vault.answers(ROUND, "HR")).toBeNull();
        }
        const late = rows(after("answers"));
        expect(late).toHaveLength(hitCount(played(), "AT", "HR"));
        expect(new Set(late.map(({ finding }) => finding))).toEqual(new Set(["unproven"]));
        const csv = resultsCsv({ round: ROUND, keptUntil: "" }, late, new Map()).trimEnd().split("\r\n").slice(1);
        for (const line of csv) expect(line).toMatch(/the counterpart did not answer"$/);
      });
    });

    test(`is reported by the side that has none as not opened, whatever the server says, ${RUNS} of ${RUNS}`, async () => {
      const { sealed } = played().releasedView;
      const lies = [
        withPairing({ state: "matched", acknowledged: ["HR"] }),
        withPairing({ state: "opened" }),
        withPairing({ state: "closed", acknowledged: ["HR"] }),
        withPairing({ state: "dropped" }),
        { ...withPairing({ state: "left-out" }), sealed: sealed.filter(({ from, to }) => ![from, to].includes("HR")) },
        { ...played().releasedView, pairings: [], sealed: [] },
      ];
      await withCopy(played(), of(played().unopened, "HR"), async (vault) => {
        const held = () => ({
          ...shown(),
          fetchPackage: () => packageOf(played(), "HR", {}, played().honest),
          packageKeys: () => Promise.resolve([]),
        });
        await acknowledgePackage(held(), vault, ROUND);
        const early = await openHits(held(), vault, ROUND, SHIPPED_PROFILE, new Date());
        expect(early).toMatchObject({ opened: [], closed: ["AT", "SI"], faults: [] });
        for (let run = 0; run < RUNS; run++) {
          const connection = { ...held(), round: () => Promise.resolve(pick(lies)) };
          const { faults } = await openHits(connection, vault, ROUND, SHIPPED_PROFILE, after("acknowledgements"));
          expect(faults).toContainEqual({ counterpart: "AT", kind: "not-opened", count: 1, of: 1 });
          expect(connection.reports()).toMatchObject(["AT", "SI"].map((id) => reportOf("not-opened", "HR", id, 1, 1)));
        }
      });
    });

    test("through a real server that withholds it, both reports are before the officer", async () => {
      const { table } = played();
      const before = table.house.clock;
      table.house.clock = () => after("answers");
      try {
        await withCopy(played(), played().unanswered, async (vault) => {
          const server = connectAs(table, "AT");
          const denied = { ...server, fetchAnswers: refused("answers-unavailable") };
          await exchangeAnswers(denied, vault, ROUND, after("answers"));
        });
        await withCopy(played(), of(played().unopened, "HR"), async (vault) => {
          const server = connectAs(table, "HR");
          vault.keepPackageBox(ROUND, await server.fetchPackage(ROUND, "HR"));
          const honest = await server.packageKeys(ROUND, "HR");
          const fewer = {
            ...server,
            packageKeys: () => Promise.resolve(honest.filter((key) => key.counterpart === "SI")),
          };
          await openHits(fewer, vault, ROUND, SHIPPED_PROFILE, after("answers"));
        });
        const answer = await send(table.server.url, officerSigning(table.house), "GET", `/v1/rounds/${ROUND}/reports`);
        expect(ReportList.parse(JSON.parse(answer.text))).toMatchObject([
          reportOf("unanswered", "AT", "HR", 1, 1),
          reportOf("unanswered", "AT", "SI", 1, 1),
          reportOf("not-opened", "HR", "AT", 1, 1),
        ]);
      } finally {
        table.house.clock = before;
      }
    });
  });
}
