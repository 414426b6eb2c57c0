/**
 * `aquila round ack | results | mark`: a party takes its package, opens and answers its hits, and says what became of them.
 */
import { extname } from "node:path";
import { Argument, InvalidArgumentError, type Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { HIT_STATUSES, type HitStatus, Status, type Report } from "#engine/round/acts.ts";
import type { RoundView } from "#engine/round/messages.ts";
import { hasReached } from "#engine/round/states.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { answerFaults, exchangeAnswers, isAnswerLate, type Exchange } from "../../answers.ts";
import { openCarried } from "../../carried-round.ts";
import { endingText } from "../../ending.ts";
import { createFile, requireCreatable } from "../../durable-file.ts";
import { markHits } from "../../hit-history.ts";
import type { Connection } from "../../http.ts";
import { acknowledgePackage, openedFaults, openHits, type Opened } from "../../release.ts";
import type { Fault, Refusal } from "../../report.ts";
import {
  RESULT_NOTE,
  resultsCsv,
  resultsJson,
  resultsOf,
  statusesByHit,
  type ResultRow,
  type Statuses,
} from "../../results.ts";
import { keptUntil, tidyVault } from "../../retention.ts";
import { unopenedOf, unopenedText, type Unopened } from "../../unopened.ts";
import type { Vault } from "../../vault.ts";
import {
  answer,
  connectParty,
  EXIT,
  jsonOption,
  namedServer,
  roundOption,
  serverOption,
  unlockVault,
  vaultOption,
  type CommandIo,
} from "../command-io.ts";

export type PartyOptions = {
  readonly server: string;
  readonly vault: string;
  readonly round: string;
  readonly json: boolean;
};

export function registerResults(round: Command, io: CommandIo): void {
  withParty(round.command("ack").description("take the package of a released round and acknowledge it")).action(
    async (options: PartyOptions) => {
      using vault = await unlockVault(io, options.vault);
      requireKnown(vault, options.round);
      const view = await acknowledgePackage(connectParty(io, options.server, vault), vault, options.round);
      const counterparts = (vault.pairings(options.round) ?? []).map(({ counterpart }) => counterpart);
      const opened = counterparts.filter((counterpart) =>
        view.pairings.some(({ pairing, state }) => pairing.includes(counterpart) && state === "opened"),
      );
      const closed = counterparts.filter((counterpart) => !opened.includes(counterpart));
      const unopened = unopenedOf(vault, options.round, view, { closed, faults: [] }, io.now());
      const text = [
        `round ${options.round}: package kept and acknowledged; a pairing opens when both sides have done so`,
        ...(opened.length === 0 ? [] : [`open, see aquila round results: ${opened.join(", ")}`]),
        ...unopened.map((each) => `not open: ${unopenedText(each)}`),
      ].join("\n");
      answer(io, options.json, { acknowledged: options.round, opened, unopened }, text);
    },
  );
  round
    .command("results")
    .addOption(serverOption(false))
    .addOption(vaultOption())
    .addOption(roundOption())
    .addOption(jsonOption())
    .description(
      `open a round's hits, answer them and name them by the party's own references. A hit is a ${RESULT_NOTE}`,
    )
    .option("--out <file>", "write them to a new file, mode 600: .json as JSON, anything else as CSV")
    .action(async (options: ResultsOptions, command: Command) => {
      using vault = await unlockVault(io, options.vault);
      requireKnown(vault, options.round);
      if (options.out !== undefined) requireCreatable(options.out);
      try {
        const found =
          vault.carriage(options.round)?.side === "inside"
            ? await carriedResults(vault, options.round, io.now())
            : await fetchedResults(
                connectParty(io, namedServer(command, options), vault),
                vault,
                options.round,
                io.now(),
              );
        answerResults(io, options, vault, found);
      } finally {
        tidyVault(vault, io.now());
      }
    });
  withParty(
    round.command("mark").description("say what became of hits; the counterpart sees it, by the hits' ids alone"),
  )
    .addArgument(new Argument("<status>", "what to say").choices(HIT_STATUSES))
    .argument("<hits...>", "ids of hits, as results shows them", hitIds)
    .action(async (status: HitStatus, hits: string[], options: PartyOptions) => {
      using vault = await unlockVault(io, options.vault);
      await markHits(connectParty(io, options.server, vault), vault, options.round, status, hits, io.now());
      answer(io, options.json, { status, hits }, `${hits.length} hits: ${status}`);
    });
}

export type ResultsOptions = Omit<PartyOptions, "server"> & { readonly server?: string; readonly out?: string };

/** @returns The ids before this one, and this one. */
function hitIds(text: string, before: string[] = []): string[] {
  if (!Status.shape.hit.safeParse(text).success)
    throw new InvalidArgumentError("a hit's id is 22 letters and digits, as results shows it; not a reference");
  return [...before, text];
}

/** Options of a command that only a party gives. */
export function withParty(command: Command): Command {
  return command.addOption(serverOption()).addOption(vaultOption()).addOption(roundOption()).addOption(jsonOption());
}

/** What a party found, and what both sides said of it. */
type Found = {
  readonly opened: Opened;
  readonly exchange: Exchange;
  readonly statuses: readonly Status[];
  readonly unopened: readonly Unopened[];
};

/**
 * Prints or writes a round's hits as far as they are open; ends as waiting while another pairing can open.
 *
 * @param isFinal - Whether they are to be written now; a file that is written is never written again.
 */
export function answerResults(
  io: CommandIo,
  options: ResultsOptions,
  vault: Vault,
  { opened, exchange, statuses: said, unopened }: Found,
  isFinal = true,
): void {
  const rows = opened.opened.length === 0 ? [] : resultsOf(vault, options.round, SHIPPED_PROFILE, io.now());
  const statuses = statusesByHit(vault, options.round, said);
  const descriptor = vault.descriptor(options.round);
  const of = { round: options.round, keptUntil: descriptor === null ? "" : keptUntil(descriptor).toISOString() };
  const isWritten = options.out !== undefined && isFinal && opened.opened.length > 0;
  if (options.out !== undefined && isWritten) {
    const text = extname(options.out) === ".json" ? resultsJson(of, rows, statuses) : resultsCsv(of, rows, statuses);
    createFile(options.out, [Buffer.from(text)]);
  }
  const warnings = warningsOf([...opened.faults, ...exchange.faults], [...opened.refused, ...exchange.refused]);
  for (const warning of warnings) io.stderr.write(`${warning}\n`);
  const hits =
    options.out === undefined
      ? { hits: rows.map((row) => ({ ...row, status: statuses.get(row.hit) ?? { own: null, theirs: null } })) }
      : { out: isWritten ? options.out : null };
  const value = {
    note: RESULT_NOTE,
    ...of,
    count: countsOf(rows),
    opened: opened.opened,
    closed: opened.closed,
    unopened,
    unanswered: exchange.waitingFor,
    warnings,
    ...hits,
  };
  answer(io, options.json, value, resultsText(options, rows, statuses, { opened, exchange, unopened }, isWritten));
  if (unopened.some(({ why }) => why === "waiting")) io.endWith(EXIT.waiting);
}

/** @throws {@link LinkageError} `round-unknown`: what a vault does not know has no hits that it could name. */
function requireKnown(vault: Vault, round: string): void {
  if (vault.descriptor(round) === null)
    throw new LinkageError(
      "round-unknown",
      `this vault keeps nothing of round ${round}: it never took part here, is forgotten, or the vault was made anew from a backup`,
    );
  if (vault.pairings(round) === null)
    throw new LinkageError("round-state", `this vault agreed on no keys in round ${round}, so it has no hits of it`);
}

/** @throws {@link LinkageError} `round-state` if the attempt was aborted; `package-unavailable` before the release. */
function requireReleased(view: RoundView): void {
  const {
    descriptor: { id },
    ending,
    state,
  } = view;
  if (ending !== null) throw new LinkageError("round-state", `round ${id} was ${endingText(view)}; it has no hits`);
  if (!hasReached(state, "released"))
    throw new LinkageError("package-unavailable", `round ${id} is ${state}, and not released yet`);
}

async function fetchedResults(connection: Connection, vault: Vault, round: string, now: Date): Promise<Found> {
  vault.requireOneVault(round);
  const view = await connection.round(round);
  requireReleased(view);
  // The server has nothing more of it then; the vault keeps its hits until the retention ends.
  if (hasReached(view.state, "followed-up")) return keptResults(vault, round, [], view, now);
  const opened = await openHits(connection, vault, round, SHIPPED_PROFILE, now);
  const exchange = await exchangeAnswers(connection, vault, round, now);
  return {
    opened,
    exchange,
    statuses: await connection.statuses(round, vault.identity.party),
    unopened: unopenedOf(vault, round, await connection.round(round), opened, now),
  };
}

/** What bundles brought; the package goes at the follow-up, what was opened of it stays. */
async function carriedResults(vault: Vault, round: string, now: Date): Promise<Found> {
  const invalid = vault.packageBox(round) === null ? [] : await openCarried(vault, round, SHIPPED_PROFILE, now);
  return { ...keptResults(vault, round, invalid, null, now), statuses: vault.statuses(round) };
}

/**
 * @param invalid - Counterparts whose section does not open.
 * @param view - Null where no server is asked.
 * @returns What the vault keeps.
 */
function keptResults(
  vault: Vault,
  round: string,
  invalid: readonly string[],
  view: RoundView | null,
  now: Date,
): Found {
  const counterparts = (vault.pairings(round) ?? []).map(({ counterpart }) => counterpart);
  const opened = counterparts.filter((counterpart) => vault.section(round, counterpart) !== null);
  const closed = counterparts.filter((counterpart) => !opened.includes(counterpart));
  const faults = openedFaults(vault, round, invalid);
  return {
    opened: { opened, closed, faults, refused: [] },
    unopened: unopenedOf(vault, round, view, { closed, faults }, now),
    exchange: {
      answered: opened.filter((counterpart) => vault.answers(round, counterpart) !== null),
      waitingFor: isAnswerLate(vault, round, now)
        ? []
        : opened.filter((counterpart) => vault.answers(round, counterpart) === null),
      faults: opened.flatMap((counterpart) => answerFaults(vault, round, counterpart, now)),
      refused: [],
    },
    statuses: [],
  };
}

/** What the party's analysts and officer have to know before they trust a hit. */
const WARNINGS: Readonly<Record<Report["kind"], string>> = {
  "decoy-missing": "decoys are missing, so hits were left out",
  "no-record": "hits are at rows that stand for no record, so they are made up; they are not shown",
  "not-opened": "the pairing was not opened in time; ask whether they got its key",
  "section-invalid": "their section of the package does not open with the key that was given for it",
  unanswered: "their answers were not handed over in time, so their hits are unproven; ask whether they got the key",
  unproven: "hits are unproven",
};

/** @returns A line for each fault and each refusal. */
export function warningsOf(faults: readonly Fault[], refused: readonly Refusal[]): string[] {
  const isRefused = ({ counterpart }: Fault): boolean =>
    refused.some((each) => each.counterpart === counterpart && each.what === "report");
  return [
    ...faults.map((fault) => {
      const { counterpart, kind, count, of } = fault;
      const many = of === 1 ? "" : `${count} of ${of} `;
      const reported = isRefused(fault) ? "the report was refused" : "reported to the data-protection officer";
      return `with ${counterpart}: ${many}${WARNINGS[kind]}; ${reported}`;
    }),
    ...refused.map(({ counterpart, what, code }) => `with ${counterpart}: ${REFUSED[what]} (${code})`),
  ];
}

const REFUSED: Readonly<Record<Refusal["what"], string>> = {
  "own answers": "the own answers could not be handed in",
  "their answers": "their answers could not be taken",
  report: "what was found wrong could not be reported",
};

function countsOf(rows: readonly ResultRow[]): Record<ResultRow["band"], number> {
  const counts = { high: 0, medium: 0, low: 0 };
  for (const row of rows) counts[row.band]++;
  return counts;
}

function resultsText(
  options: ResultsOptions,
  rows: readonly ResultRow[],
  statuses: Statuses,
  { opened: { opened }, exchange: { waitingFor }, unopened }: Omit<Found, "statuses">,
  isWritten: boolean,
): string {
  const { high, medium, low } = countsOf(rows);
  const summary = [
    opened.length === 0
      ? `round ${options.round}: no pairing is open, so nothing is known of hits`
      : `round ${options.round}: ${rows.length} hits (high ${high}, medium ${medium}, low ${low}); each is a ${RESULT_NOTE}`,
    ...unopened.map((each) => `not open: ${unopenedText(each)}`),
    ...(waitingFor.length === 0 ? [] : [`answers still to come: ${waitingFor.join(", ")}`]),
  ];
  if (options.out !== undefined)
    return [...summary, isWritten ? `written to ${options.out}` : `nothing is written to ${options.out}`].join("\n");
  const lines = rows.map((row) => {
    const said = statuses.get(row.hit);
    const remarks = [
      ...(row.proposedAccuracy === null ? [] : [`accuracy ${row.accuracy} could be raised to ${row.proposedAccuracy}`]),
      ...(said?.own == null ? [] : [`we say ${said.own}`]),
      ...(said?.theirs == null ? [] : [`they say ${said.theirs}`]),
    ];
    const hit = `${row.band.padEnd(6)}  ${row.counterpart.padEnd(8)}  ${row.finding.padEnd(14)}  ${row.hit}  ${row.refs.join(" | ")}`;
    return [hit, ...remarks].join("; ");
  });
  return [...summary, ...lines].join("\n");
}
