/**
 * `aquila`, the command line of a party and of the secretariat's operators. Its catch is the commands' error boundary.
 */
import { Command, CommanderError, Option } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { registerAgreement } from "./commands/agreement.ts";
import { registerAnnouncements } from "./commands/announcements.ts";
import { registerAudit } from "./commands/audit.ts";
import { EXIT, exitCodeOf, fileDescriptor, type CommandIo } from "./commands/command-io.ts";
import { registerCheck } from "./commands/check.ts";
import { registerConsole } from "./commands/console.ts";
import { registerEvaluate } from "./commands/evaluate.ts";
import { registerExplain } from "./commands/explain.ts";
import { registerForget } from "./commands/forget.ts";
import { registerKey } from "./commands/key.ts";
import { registerLink } from "./commands/link.ts";
import { registerRoster } from "./commands/roster.ts";
import { registerRound } from "./commands/round.ts";
import { registerServer } from "./commands/server.ts";
import { registerVerifyErasure } from "./commands/verify-erasure.ts";
import { registerStatistics } from "./commands/statistics.ts";
import { registerStatisticsReport } from "./commands/statistics-report.ts";
import { printable } from "./printable.ts";
import { refusalOf } from "./transport.ts";

const EXIT_CODES = `
Exit codes:
  0  done
  1  unexpected fault; please report it
  2  wrong usage
  3  bad input: a file, an option, or something that does not fit together
  4  refused by the server
  5  the server cannot be reached, is overloaded, has no space or does not answer as it should; try again
  6  waiting for other parties; call again`;

const io: CommandIo = {
  stdin: process.stdin,
  passphraseFd: () => program.opts<{ passphraseFd?: number }>().passphraseFd,
  stdout: process.stdout,
  stderr: process.stderr,
  fetch: globalThis.fetch,
  tlsFiles: () => program.opts<ReturnType<CommandIo["tlsFiles"]>>(),
  now: () => new Date(),
  wait: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
  endWith: (exitCode) => {
    process.exitCode = exitCode;
  },
};

const program = new Command("aquila")
  .description("Find out, without showing your list, which persons on it another party holds too.")
  .addOption(
    new Option(
      "--passphrase-fd <n>",
      "read the passphrase from this file descriptor instead of asking at the terminal",
    ).argParser(fileDescriptor),
  )
  .addOption(
    new Option("--tls-cert <file>", "certificate to show to a server that asks for one, PEM").env("AQUILA_TLS_CERT"),
  )
  .addOption(new Option("--tls-key <file>", "its private key, PEM, mode 600").env("AQUILA_TLS_KEY"))
  .configureHelp({ showGlobalOptions: true })
  .addHelpText("after", EXIT_CODES)
  .exitOverride();

registerKey(program, io);
registerRoster(program, io);
registerAgreement(program, io);
registerRound(program, io);
registerCheck(program, io);
registerConsole(program, io);
registerForget(program, io);
registerLink(program, io);
registerEvaluate(program, io);
registerExplain(program, io);
registerAudit(program, io);
registerAnnouncements(program, io);
registerVerifyErasure(program, io);
registerStatisticsReport(registerStatistics(program, io), io);
registerServer(program, io);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error, process.argv.includes("--json"));
}

/** @returns The exit code. */
function report(error: unknown, json: boolean): number {
  // Commander has printed its message or the help already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (!(error instanceof LinkageError)) {
    process.stderr.write(`aquila: unexpected: ${error instanceof Error ? String(error.stack) : String(error)}\n`);
    if (json) process.stdout.write(`${JSON.stringify(problemOf("internal", "unexpected fault"))}\n`);
    return EXIT.unexpected;
  }
  process.stderr.write(`aquila: ${error.code}: ${printable(error.detail)}\n`);
  if (json)
    process.stdout.write(`${printable(JSON.stringify(refusalOf(error) ?? problemOf(error.code, error.detail)))}\n`);
  return exitCodeOf(error);
}

/** Problem Details (RFC 9457) of a fault on this side, which has no HTTP status. */
function problemOf(code: string, detail: string): Record<string, string> {
  return { type: `urn:aquila:problem:${code}`, title: code, code, detail };
}
