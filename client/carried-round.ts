/**
 * The two halves of a carried round after its release: what the vault outside asks of the server, and what the one
 * inside makes of it. Each can be called again and again.
 */
import type { Profile } from "#engine/profile.ts";
import { checkedAnswers, hasAnswered, haveBothAnswered, isAnswerLate, ownAnswers, unprovenFaults } from "./answers.ts";
import type { Connection } from "./http.ts";
import { openedFaults, openSections, unopenedFaults } from "./release.ts";
import { attempt, reportFaults, reportsOf, type Fault, type Refusal } from "./report.ts";
import type { Vault } from "./vault.ts";

export type Exchanged = {
  /** Counterparts whose pairing is open, in order. */
  readonly opened: readonly string[];
  /** Counterparts for whom this party's answers are in. */
  readonly sent: readonly string[];
  /** Counterparts whose answers are here, still sealed. */
  readonly fetched: readonly string[];
  /** What was found wrong outside and reported: what did not come in time. */
  readonly faults: readonly Fault[];
  /** What was refused, by counterpart; everything else was done. */
  readonly refused: readonly Refusal[];
};

/**
 * Outside: sends the answers, reports and statistics that came from inside; takes package keys, the counterparts' answers
 * and what was said of hits; reports what did not come in time. Opens nothing.
 */
export async function exchangeSealed(
  connection: Pick<
    Connection,
    "round" | "packageKeys" | "putAnswers" | "fetchAnswers" | "putReport" | "putStatistics" | "statuses"
  >,
  vault: Vault,
  round: string,
  now: Date,
): Promise<Exchanged> {
  const { party } = vault.identity;
  const keys = await connection.packageKeys(round, party);
  vault.keepPackageKeys(round, keys);
  const opened = keys.map(({ counterpart }) => counterpart);
  const view = await connection.round(round);
  const refused: Refusal[] = [];
  for (const counterpart of opened) {
    const sealed = vault.answersBox(round, counterpart);
    if (sealed !== null && !hasAnswered(view, party, counterpart))
      await attempt(refused, { counterpart, what: "own answers" }, () =>
        connection.putAnswers(round, party, counterpart, sealed),
      );
  }
  for (const report of vault.reports(round)) {
    const counterpart = report.pairing.find((id) => id !== party) ?? party;
    await attempt(refused, { counterpart, what: "report" }, () => connection.putReport(report));
  }
  const statistics = vault.statistics(round);
  if (statistics !== null) await connection.putStatistics(statistics);
  const latest = await connection.round(round);
  for (const counterpart of opened)
    if (haveBothAnswered(latest, [party, counterpart]) && vault.theirAnswersBox(round, counterpart) === null)
      await attempt(refused, { counterpart, what: "their answers" }, async () => {
        vault.keepTheirAnswersBox(round, counterpart, await connection.fetchAnswers(round, counterpart, party));
      });
  vault.keepStatuses(round, await connection.statuses(round, party));
  const faults = [
    ...(await unopenedFaults(connection, vault, round, keyless(vault, round, opened), now)),
    ...opened
      .filter((counterpart) => isAnswerLate(vault, round, now) && vault.theirAnswersBox(round, counterpart) === null)
      .map((counterpart): Fault => ({ counterpart, kind: "unanswered", count: 1, of: 1 })),
  ];
  refused.push(...(await reportFaults(connection, vault, round, faults)));
  return {
    faults,
    refused,
    opened,
    sent: opened.filter((counterpart) => hasAnswered(latest, party, counterpart)),
    fetched: opened.filter((counterpart) => vault.theirAnswersBox(round, counterpart) !== null),
  };
}

function keyless(vault: Vault, round: string, opened: readonly string[]): string[] {
  return (vault.pairings(round) ?? []).map(({ counterpart }) => counterpart).filter((one) => !opened.includes(one));
}

/**
 * Inside: opens the hits whose keys came, answers them, and checks the counterparts' answers that came; keeps the reports of
 * what is wrong with them for the next bundle. Talks to nobody.
 *
 * @param profile - The round's.
 * @returns Counterparts whose section does not open with its key.
 * @throws {@link LinkageError} `package-unavailable` before the package came; as {@link openSections}.
 */
export async function openCarried(vault: Vault, round: string, profile: Profile, now: Date): Promise<string[]> {
  const invalid = await openSections(vault, round, vault.packageKeys(round), profile, now);
  const pairings = vault.pairings(round) ?? [];
  for (const pairing of pairings) {
    const { counterpart, keyProof } = pairing;
    const section = vault.section(round, counterpart);
    // After the follow-up nothing can be proven; what is kept can still be read.
    if (section === null || keyProof === null) continue;
    await ownAnswers(vault, round, pairing, section);
    const sealed = vault.theirAnswersBox(round, counterpart);
    if (sealed === null || vault.answers(round, counterpart) !== null) continue;
    vault.keepAnswers(round, counterpart, await checkedAnswers(vault, round, pairing, section, sealed));
  }
  const faults = pairings.flatMap(({ counterpart }) => unprovenFaults(vault, round, counterpart));
  vault.keepReports(round, reportsOf(vault, round, [...openedFaults(vault, round, invalid), ...faults]));
  return invalid;
}
