/**
 * What a secretariat can try at the seal: other batches than were sent, a second T2, and two histories of what was sealed.
 */
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Connection } from "#client/http.ts";
import { acknowledgePackage } from "#client/release.ts";
import { sealOf } from "#client/report.ts";
import { sealRound } from "#client/seal.ts";
import type { Vault } from "#client/vault.ts";
import { LinkageError } from "#engine/errors.ts";
import type { Seal } from "#engine/round/acts.ts";
import { signStatement } from "#engine/round/statement.ts";
import { transcriptT2, type SealedBatch } from "#engine/round/transcript.ts";
import { transcriptOf } from "../../server/harness.ts";
import { of, pick, ROUND, RUNS, withCopy, type PlayedRounds } from "./played-rounds.ts";

type Change = (sealed: readonly SealedBatch[]) => readonly SealedBatch[];
const digest = (): string => randomBytes(32).toString("base64url");

export function attacksOnSeals(played: () => PlayedRounds): void {
  /** Shows a vault's party this as what is to be sealed. @returns What it signed. */
  async function askToSeal(vault: Vault, sealed: readonly SealedBatch[], t2: string): Promise<Seal[]> {
    const signed: Seal[] = [];
    const view = { ...played().closedView, sealed: [...sealed], t2 };
    const connection: Pick<Connection, "round" | "postSeal"> = {
      round: () => Promise.resolve(view),
      postSeal: (seal) => {
        signed.push(seal);
        return Promise.resolve(view);
      },
    };
    await sealRound(connection, vault, ROUND, new Date());
    return signed;
  }
  const t2Of = (sealed: readonly SealedBatch[]): string => transcriptT2(transcriptOf(played().closedView), sealed);
  const refusal = { code: "round-confirmation-failed" };
  const without =
    (from: string, to: string): Change =>
    (sealed) =>
      sealed.filter((each) => each.from !== from || each.to !== to);
  const withOther =
    (from: string, to: string): Change =>
    (sealed) =>
      sealed.map((each) => (each.from === from && each.to === to ? { ...each, digest: digest() } : each));

  describe("seals", () => {
    test(`over other batches than were sent are not signed, ${RUNS} of ${RUNS}`, async () => {
      const lies: Change[] = [
        withOther("AT", "HR"),
        withOther("AT", "SI"),
        without("AT", "HR"),
        without("HR", "AT"),
        (sealed) => [...sealed, { digest: digest(), from: "AT", to: "LU" }],
        (sealed) => [...sealed, { digest: digest(), from: "AT", to: "HR" }],
      ];
      const vault = of(played().unsealed, "AT");
      for (let run = 0; run < RUNS; run++) {
        const lie = lies[run % (lies.length + 1)];
        const sealed = lie?.(played().closedView.sealed) ?? played().closedView.sealed;
        const asked = askToSeal(vault, sealed, lie === undefined ? digest() : t2Of(sealed));
        await expect(asked).rejects.toMatchObject(refusal);
        expect(vault.seal(ROUND)).toBeNull();
      }
    });

    test(`over another T2 than before are not signed, ${RUNS} of ${RUNS}`, async () => {
      const vault = of(played().unopened, "AT");
      const before = sealOf(vault, ROUND);
      for (let run = 0; run < RUNS; run++) {
        const [from, to] = pick([
          ["HR", "AT"],
          ["HR", "SI"],
          ["SI", "HR"],
        ] as const);
        const sealed = withOther(from, to)(played().closedView.sealed);
        await expect(askToSeal(vault, sealed, t2Of(sealed))).rejects.toMatchObject(refusal);
        expect(vault.seal(ROUND)).toBe(before);
      }
    });

    test("that come too late leave the party out, and its keys to encode are gone all the same", async () => {
      for (const code of ["round-deadline", "round-state"] as const)
        await withCopy(played(), of(played().unsealed, "AT"), async (vault) => {
          const connection: Pick<Connection, "round" | "postSeal"> = {
            round: () => Promise.resolve({ ...played().closedView, seals: [] }),
            postSeal: () => {
              expect((vault.pairings(ROUND) ?? []).map(({ keyTag }) => keyTag)).toEqual([null, null]);
              return Promise.reject(new LinkageError(code, "too late"));
            },
          };
          const outcome = await sealRound(connection, vault, ROUND, new Date());
          expect(outcome).toMatchObject({ state: "sealed", leftOut: ["HR", "SI"] });
          expect(await sealRound(connection, vault, ROUND, new Date())).toEqual(outcome);
        });
    });

    test(`of two histories are each signed, and neither side acknowledges a package of them, ${RUNS} of ${RUNS}`, async () => {
      const { closedView, releasedView, table } = played();
      // AT can check neither.
      const unseen = closedView.sealed.filter(({ from }) => from !== "AT");
      expect(unseen).toHaveLength(4);
      for (let run = 0; run < RUNS; run++)
        await withCopy(played(), of(played().unsealed, "AT"), (at) =>
          withCopy(played(), of(played().unsealed, "HR"), async (hr) => {
            const { from, to } = pick(unseen);
            const other = withOther(from, to)(closedView.sealed);
            const seals = [
              ...(await askToSeal(at, other, t2Of(other))),
              ...(await askToSeal(hr, closedView.sealed, t2Of(closedView.sealed))),
            ];
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
    });
  });
}
