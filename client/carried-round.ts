/**
 * The two halves of a carried round after its release: what the vault outside asks of the server, and what the one
 * inside makes of it. Each can be called again and again.
 */
import type { Profile } from "#engine/profile.ts";
import { checkedAnswers, hasAnswered, haveBothAnswered, ownAnswers } from "./answers.ts";
import type { Connection } from "./http.ts";
import { openSections } from "./release.ts";
import type { Vault } from "./vault.ts";

export type Exchanged = {
  /** Counterparts whose pairing is open, in order. */
  readonly opened: readonly string[];
  /** Counterparts for whom this party's answers are in. */
  readonly sent: readonly string[];
  /** Counterparts whose answers are here, still sealed. */
  readonly fetched: readonly string[];
};

/**
 * Outside: sends the answers, reports and statistics that came from inside; takes package keys, the counterparts' answers
 * and what was said of hits. Opens nothing.
 */
export async function exchangeSealed(
  connection: Pick<
    Connection,
    "round" | "packageKeys" | "putAnswers" | "fetchAnswers" | "putReport" | "putStatistics" | "statuses"
  >,
  vault: Vault,
  round: string,
): Promise<Exchanged> {
  const { party } = vault.identity;
  const keys = await connection.packageKeys(round, party);
  vault.keepPackageKeys(round, keys);
  const opened = keys.map(({ counterpart }) => counterpart);
  const view = await connection.round(round);
  for (const counterpart of opened) {
    const sealed = vault.answersBox(round, counterpart);
    if (sealed !== null && !hasAnswered(view, party, counterpart))
      await connection.putAnswers(round, party, counterpart, sealed);
  }
  for (const report of vault.reports(round)) await connection.putReport(report);
  const statistics = vault.statistics(round);
  if (statistics !== null) await connection.putStatistics(statistics);
  const latest = await connection.round(round);
  for (const counterpart of opened)
    if (haveBothAnswered(latest, [party, counterpart]) && vault.theirAnswersBox(round, counterpart) === null)
      vault.keepTheirAnswersBox(round, counterpart, await connection.fetchAnswers(round, counterpart, party));
  vault.keepStatuses(round, await connection.statuses(round, party));
  return {
    opened,
    sent: opened.filter((counterpart) => hasAnswered(latest, party, counterpart)),
    fetched: opened.filter((counterpart) => vault.theirAnswersBox(round, counterpart) !== null),
  };
}

/**
 * Inside: opens the hits whose keys came, answers them, and checks the counterparts' answers that came. Talks to nobody.
 *
 * @param profile - The round's.
 * @throws {@link LinkageError} `package-unavailable` before the package came; as {@link openSections}.
 */
export async function openCarried(vault: Vault, round: string, profile: Profile): Promise<void> {
  const pairings = vault.pairings(round) ?? [];
  for await (const section of openSections(vault, round, vault.packageKeys(round), profile)) {
    const { counterpart } = section;
    const pairing = pairings.find((one) => one.counterpart === counterpart);
    // After the follow-up nothing can be proven; what is kept can still be read.
    if (pairing === undefined || pairing.keyProof === null) continue;
    await ownAnswers(vault, round, pairing, section);
    const sealed = vault.theirAnswersBox(round, counterpart);
    if (sealed === null || vault.answers(round, counterpart) !== null) continue;
    vault.keepAnswers(round, counterpart, await checkedAnswers(vault, round, pairing, section, sealed));
  }
}
