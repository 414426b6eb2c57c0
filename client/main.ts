/**
 * `aquila`, the command line of a party and of the secretariat's operators. Its catch is the commands' error boundary.
 */
import { Command, CommanderError, Option } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { EXIT, exitCodeOf, fileDescriptor, type CommandIo } from "./commands/command-io.ts";
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

type Register = (program: Command, io: CommandIo) => void;

/** Every command in the order of the help. The file of one is read only when it is asked for: each start would else read all. */
const LOADED_BY_COMMAND: Readonly<Record<string, () => Promise<Register>>> = {
  key: () => import("./commands/key.ts").then(({ registerKey }) => registerKey),
  roster: () => import("./commands/roster.ts").then(({ registerRoster }) => registerRoster),
  agreement: () => import("./commands/agreement.ts").then(({ registerAgreement }) => registerAgreement),
  round: () => import("./commands/round.ts").then(({ registerRound }) => registerRound),
  check: () => import("./commands/check.ts").then(({ registerCheck }) => registerCheck),
  console: () => import("./commands/console.ts").then(({ registerConsole }) => registerConsole),
  forget: () => import("./commands/forget.ts").then(({ registerForget }) => registerForget),
  link: () => import("./commands/link.ts").then(({ registerLink }) => registerLink),
  evaluate: () => import("./commands/evaluate.ts").then(({ registerEvaluate }) => registerEvaluate),
  explain: () => import("./commands/explain.ts").then(({ registerExplain }) => registerExplain),
  audit: () => import("./commands/audit.ts").then(({ registerAudit }) => registerAudit),
  announcements: () => import("./commands/announcements.ts").then(({ registerAnnouncements }) => registerAnnouncements),
  "verify-erasure": () =>
    import("./commands/verify-erasure.ts").then(({ registerVerifyErasure }) => registerVerifyErasure),
  statistics: () => import("./commands/statistics.ts").then(({ registerStatistics }) => registerStatistics),
  server: () => import("./commands/server.ts").then(({ registerServer }) => registerServer),
};

try {
  const [asked = ""] = program.parseOptions(process.argv.slice(2)).operands;
  const isCommand = Object.hasOwn(LOADED_BY_COMMAND, asked);
  // Without a command all are read, for the help and for what an unknown one may have meant.
  for (const [name, load] of Object.entries(LOADED_BY_COMMAND))
    if (!isCommand || name === asked) (await load())(program, io);

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
