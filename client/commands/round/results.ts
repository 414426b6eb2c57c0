/**
 * `aquila round ack | results | mark`: a party takes its package, opens and answers its hits, and says what became of them.
 */
import { extname } from "node:path";
import { Argument, type Command } from "commander";
import { HIT_STATUSES, type HitStatus, type Report, type Status } from "#engine/round/acts.ts";
import { hasReached } from "#engine/round/states.ts";
import { signStatement } from "#engine/round/statement.ts";
import { SHIPPED_PROFILE } from "#engine/shipped-profile.ts";
import { answerFaults, exchangeAnswers, isAnswerLate, type Exchange } from "../../answers.ts";
import { openCarried } from "../../carried-round.ts";
import { createFile } from "../../durable-file.ts";
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
import { tidyVault } from "../../retention.ts";
import type { Vault } from "../../vault.ts";
import {
  answer,
  connectParty,
  jsonOption,
  namedServer,
  roundOption,
  serverOption,
  unlockVault,
  vaultOption,
  type CommandIo,
} from "../command-io.ts";

/** The server takes no more at once. */
const STATUSES_AT_ONCE = 100;

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
      await acknowledgePackage(connectParty(io, options.server, vault), vault, options.round);
      const text = `round ${options.round}: package kept and acknowledged; its pairings open when the counterparts do the same`;
      answer(io, options.json, { acknowledged: options.round }, text);
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
    .argument("<hits...>", "ids of hits")
    .action(async (status: HitStatus, hits: string[], options: PartyOptions) => {
      using vault = await unlockVault(io, options.vault);
      const { identity } = vault;
      const connection = connectParty(io, options.server, vault);
      const said = hits.map((hit): Status =>
        signStatement(identity, "status", { hit, party: identity.party, round: options.round, status }),
      );
      for (let at = 0; at < said.length; at += STATUSES_AT_ONCE)
        await connection.putStatuses(options.round, identity.party, said.slice(at, at + STATUSES_AT_ONCE));
      answer(io, options.json, { status, hits }, `${hits.length} hits: ${status}`);
    });
}

export type ResultsOptions = Omit<PartyOptions, "server"> & { readonly server?: string; readonly out?: string };

/** Options of a command that only a party gives. */
export function withParty(command: Command): Command {
  return command.addOption(serverOption()).addOption(vaultOption()).addOption(roundOption()).addOption(jsonOption());
}

/** What a party found, and what both sides said of it. */
type Found = { readonly opened: Opened; readonly exchange: Exchange; readonly statuses: readonly Status[] };

/** Prints or writes a round's hits as far as they are open. */
export function answerResults(
  io: CommandIo,
  options: ResultsOptions,
  vault: Vault,
  { opened, exchange, statuses: said }: Found,
): void {
  const rows = opened.opened.length === 0 ? [] : resultsOf(vault, options.round, SHIPPED_PROFILE, io.now());
  const statuses = statusesByHit(vault.identity.party, said);
  if (options.out !== undefined) {
    const text =
      extname(options.out) === ".json" ? resultsJson(options.round, rows, statuses) : resultsCsv(rows, statuses);
    createFile(options.out, [Buffer.from(text)]);
  }
  const warnings = warningsOf([...opened.faults, ...exchange.faults], [...opened.refused, ...exchange.refused]);
  for (const warning of warnings) io.stderr.write(`${warning}\n`);
  const hits =
    options.out === undefined
      ? { hits: rows.map((row) => ({ ...row, status: statuses.get(row.hit) ?? { own: null, theirs: null } })) }
      : { out: options.out };
  const value = {
    note: RESULT_NOTE,
    round: options.round,
    count: countsOf(rows),
    closed: opened.closed,
    unanswered: exchange.waitingFor,
    warnings,
    ...hits,
  };
  answer(io, options.json, value, resultsText(options, rows, statuses, opened, exchange));
}

async function fetchedResults(connection: Connection, vault: Vault, round: string, now: Date): Promise<Found> {
  vault.requireOneVault(round);
  // The server has nothing more of it then; the vault keeps its hits until the retention ends.
  if (hasReached((await connection.round(round)).state, "followed-up")) return keptResults(vault, round, [], now);
  return {
    opened: await openHits(connection, vault, round, SHIPPED_PROFILE, now),
    exchange: await exchangeAnswers(connection, vault, round, now),
    statuses: await connection.statuses(round, vault.identity.party),
  };
}

/** What bundles brought; the package goes at the follow-up, what was opened of it stays. */
async function carriedResults(vault: Vault, round: string, now: Date): Promise<Found> {
  const invalid = vault.packageBox(round) === null ? [] : await openCarried(vault, round, SHIPPED_PROFILE);
  return { ...keptResults(vault, round, invalid, now), statuses: vault.statuses(round) };
}

/** @param invalid - Counterparts whose section does not open. @returns What the vault alone knows. */
function keptResults(vault: Vault, round: string, invalid: readonly string[], now: Date): Found {
  const counterparts = (vault.pairings(round) ?? []).map(({ counterpart }) => counterpart);
  const opened = counterparts.filter((counterpart) => vault.section(round, counterpart) !== null);
  return {
    opened: {
      opened,
      closed: counterparts.filter((counterpart) => !opened.includes(counterpart)),
      faults: openedFaults(vault, round, invalid),
      refused: [],
    },
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
  { closed }: Opened,
  { waitingFor }: Exchange,
): string {
  const { high, medium, low } = countsOf(rows);
  const summary = [
    `round ${options.round}: ${rows.length} hits (high ${high}, medium ${medium}, low ${low}); each is a ${RESULT_NOTE}`,
    ...(closed.length === 0 ? [] : [`not open: ${closed.join(", ")}`]),
    ...(waitingFor.length === 0 ? [] : [`answers still to come: ${waitingFor.join(", ")}`]),
  ];
  if (options.out !== undefined) return [...summary, `written to ${options.out}`].join("\n");
  const lines = rows.map((row) => {
    const said = statuses.get(row.hit);
    const raised =
      row.proposedAccuracy === null ? "" : `; accuracy ${row.accuracy} could be raised to ${row.proposedAccuracy}`;
    const theirs = said?.theirs === undefined || said.theirs === null ? "" : `; they say ${said.theirs}`;
    return `${row.band.padEnd(6)}  ${row.counterpart.padEnd(8)}  ${row.finding.padEnd(14)}  ${row.refs.join(" | ")}${raised}${theirs}`;
  });
  return [...summary, ...lines].join("\n");
}
