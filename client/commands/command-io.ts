/**
 * What the commands share: the process around them, exit codes, options that mean the same everywhere, output.
 */
import { readFileSync } from "node:fs";
import { Presets, SingleBar } from "cli-progress";
import { CommanderError, InvalidArgumentError, Option, type Command } from "commander";
import { z } from "zod";
import type { Json } from "#engine/canonical-json.ts";
import { LinkageError, type ProblemCode } from "#engine/errors.ts";
import type { StaffIdentity } from "#engine/round/identity.ts";
import { RoundId } from "#engine/round/ids.ts";
import { Roster } from "#engine/round/roster.ts";
import { partyAsker, staffAsker, type Asker } from "../asker.ts";
import { fetchShowing, readClientCertificate } from "../client-certificate.ts";
import { connect, type Connection } from "../http.ts";
import { printableLines } from "../printable.ts";
import { originOf, refusalOf, type Fetch, UNREACHABLE } from "../transport.ts";
import { readBox } from "../passphrase-box.ts";
import { askPassphrase, choosePassphrase, type PassphraseRequest } from "../passphrase.ts";
import { STAFF_FILE, openIdentityFile, type IdentityKind } from "../sealed-identity.ts";
import { openVault, requireVault, type Vault } from "../vault.ts";

/** Exit codes of `aquila`; docs/cli.md. */
export const EXIT = { ok: 0, unexpected: 1, usage: 2, badInput: 3, refused: 4, unreachable: 5, waiting: 6 } as const;

/** The process around a command. */
export type CommandIo = {
  /** For results. */
  readonly stdout: { readonly write: (text: string) => unknown };
  /** Where passphrases are asked for. */
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** The option --passphrase-fd, which every command takes. */
  readonly passphraseFd: () => number | undefined;
  /** For everything else; a bar is drawn only when it is a terminal. */
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly fetch: Fetch;
  /** The options --tls-cert and --tls-key, which every command takes. */
  readonly tlsFiles: () => { readonly tlsCert?: string; readonly tlsKey?: string };
  readonly now: () => Date;
  readonly wait: (durationMs: number) => Promise<void>;
  /** Sets the exit code of a command that did not fail. */
  readonly endWith: (exitCode: number) => void;
};

/** Options of commands that talk to the server as a party or as staff. */
export type CallerOptions = {
  readonly server: string;
  readonly vault?: string;
  readonly identity?: string;
  readonly roster?: string;
  /** Only `aquila audit check` has it. */
  readonly acceptRestored?: boolean;
};

export function exitCodeOf(error: LinkageError): number {
  if (UNREACHABLE.includes(error.code)) return EXIT.unreachable;
  if (refusalOf(error) !== null) return EXIT.refused;
  return error.code === "internal" ? EXIT.unexpected : EXIT.badInput;
}

/** @returns What ends a command as wrong usage, of options that do not go together; it is said already. */
export function wrongUsage({ stderr }: Pick<CommandIo, "stderr">, message: string): CommanderError {
  stderr.write(`error: ${message}\n`);
  return new CommanderError(EXIT.usage, "aquila.wrongUsage", message);
}

export function serverOption(isMandatory = true): Option {
  return new Option("--server <url>", "origin of the secretariat's server")
    .env("AQUILA_SERVER")
    .makeOptionMandatory(isMandatory);
}

/** @returns The server of a command that can do without; ends as wrong usage when it is not named. */
export function namedServer(command: Command, { server }: { readonly server?: string }): string {
  return server ?? command.error("error: required option '--server <url>' not specified");
}

export function vaultOption(): Option {
  return new Option("--vault <folder>", "the party's vault").env("AQUILA_VAULT").makeOptionMandatory();
}

/** For commands that staff can give too. */
export function callerOptions(): Option[] {
  return [
    new Option("--vault <folder>", "the party's vault, when a party asks").env("AQUILA_VAULT"),
    new Option("--identity <file>", "an operator's or officer's identity, when one asks").env("AQUILA_IDENTITY"),
  ];
}

/** @returns The command with the options that say whom it asks as whom. */
export function withAsker(command: Command): Command {
  return withAskerAtHome(command.addOption(serverOption()));
}

/** @returns The command with the options that say who gives it, and whom he trusts. */
export function withAskerAtHome(command: Command): Command {
  for (const option of callerOptions()) command.addOption(option);
  return command
    .addOption(
      new Option("--roster <file>", "the roster that names the secretariat, when staff asks").env("AQUILA_ROSTER"),
    )
    .addOption(jsonOption());
}

export function roundOption(): Option {
  return new Option("--round <id>", "the round").argParser(roundId).makeOptionMandatory();
}

export function jsonOption(): Option {
  return new Option("--json", "print JSON for machines on standard output, refusals too").default(false);
}

/** @returns Seconds, 0 to a week. */
export function seconds(text: string): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) > 604_800) throw new InvalidArgumentError("seconds, at most 604800");
  return Number(text);
}

/** @returns A file descriptor's number. */
export function fileDescriptor(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError("the number of an open file descriptor");
  return Number(text);
}

/**
 * Asks for a passphrase, or reads it, and wipes it after `use`.
 *
 * @param how - `choose` for something new.
 */
export async function withPassphrase<T>(
  io: CommandIo,
  how: "ask" | "choose",
  request: PassphraseRequest,
  use: (passphrase: Uint8Array) => T | Promise<T>,
): Promise<T> {
  const terminal = { input: io.stdin, output: io.stderr };
  const passphrase = await (how === "ask" ? askPassphrase : choosePassphrase)(terminal, request);
  try {
    return await use(passphrase);
  } finally {
    passphrase.fill(0);
  }
}

/** Asks for the passphrase of a vault that is there, and opens it. @throws {@link LinkageError} as {@link openVault}. */
export async function unlockVault(io: CommandIo, folder: string): Promise<Vault> {
  requireVault(folder);
  return withPassphrase(io, "ask", { of: `the vault ${folder}`, descriptor: io.passphraseFd() }, (passphrase) =>
    openVault(folder, passphrase),
  );
}

/** As {@link unlockVault}, for an identity in a file of its own. @throws {@link LinkageError} as {@link openIdentityFile}. */
export async function unlockIdentity<T>(
  io: CommandIo,
  path: string,
  kind: IdentityKind<T>,
  descriptor = io.passphraseFd(),
): Promise<T> {
  readBox(path, kind.holds, kind.what);
  return withPassphrase(io, "ask", { of: `${kind.what} ${path}`, descriptor }, (passphrase) =>
    openIdentityFile(path, kind, passphrase),
  );
}

/** Asks for the passphrase of an operator's or officer's identity, and opens it. */
export function unlockStaff(io: CommandIo, path: string): Promise<StaffIdentity> {
  return unlockIdentity(io, path, STAFF_FILE);
}

/** @returns A connection that signs as the party of `vault`, or as the operator or officer of `identity` when that is given. */
export async function connectAs<T>(
  io: CommandIo,
  options: CallerOptions,
  use: (connection: Connection, asker: Asker) => Promise<T>,
): Promise<T> {
  return askAs(io, options, (asker) => {
    if (options.acceptRestored === true) asker.heads.forget();
    return use(connectWith(io, options.server, asker), asker);
  });
}

/** As {@link connectAs}, but talks to nobody. */
export async function askAs<T>(
  io: CommandIo,
  { vault: folder, identity, roster }: Omit<CallerOptions, "server">,
  use: (asker: Asker) => Promise<T>,
): Promise<T> {
  if (identity !== undefined) {
    if (roster === undefined) throw wrongUsage(io, "whose answers are to be trusted? name the roster with --roster");
    return use((await unlockStaffAsker(io, { identity, roster })).asker);
  }
  if (folder === undefined)
    throw wrongUsage(io, "who asks? name a party's --vault or an operator's or officer's --identity");
  using vault = await unlockVault(io, folder);
  return await use(partyAsker(vault));
}

/** Asks for the passphrase of an operator's or officer's identity, and says what it trusts. */
export async function unlockStaffAsker(
  io: CommandIo,
  options: { readonly identity: string; readonly roster: string },
): Promise<{ readonly identity: StaffIdentity; readonly asker: Asker }> {
  const roster = readJsonFile(options.roster, Roster, "roster-invalid");
  const identity = await unlockStaff(io, options.identity);
  return { identity, asker: staffAsker(identity, roster, options.identity) };
}

/** @returns A connection that signs as the party, and trusts the secretariat of the roster that it pinned. */
export function connectParty(io: CommandIo, serverUrl: string, vault: Vault): Connection {
  return connectWith(io, serverUrl, partyAsker(vault));
}

export function connectWith(io: CommandIo, serverUrl: string, asker: Asker): Connection {
  const { identity, roster, heads } = asker;
  return connect({
    serverUrl,
    identity,
    secretariat: roster.secretariat,
    heads,
    fetch: fetchOf(io, serverUrl),
    now: io.now,
    wait: io.wait,
  });
}

/** @returns One that shows the certificate of --tls-cert, when that is given. */
function fetchOf(io: CommandIo, serverUrl: string): Fetch {
  const { tlsCert, tlsKey } = io.tlsFiles();
  if (tlsCert === undefined && tlsKey === undefined) return io.fetch;
  if (tlsCert === undefined || tlsKey === undefined) throw wrongUsage(io, "--tls-cert and --tls-key go together");
  if (!originOf(serverUrl).startsWith("https:"))
    throw new LinkageError("request-invalid", "a certificate (--tls-cert) can be shown to an https server only");
  return fetchShowing(readClientCertificate(tlsCert, tlsKey));
}

/** @throws {@link LinkageError} `file-unreadable`; `code` if the file is no JSON of this shape. */
export function readJsonFile<T>(path: string, shape: z.ZodType<T>, code: ProblemCode): T {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new LinkageError("file-unreadable", `cannot read ${path}`, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without its cause: the parser's message may quote a secret.
    throw new LinkageError(code, `${path} is not JSON`);
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new LinkageError(code, `${path} has another shape at ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
}

/** Prints a command's result: `value` for machines or `text` for people. */
export function answer(io: Pick<CommandIo, "stdout">, json: boolean, value: Json, text: string): void {
  const said = json ? JSON.stringify(value) : text;
  io.stdout.write(printableLines(said.endsWith("\n") ? said : `${said}\n`));
}

export type Bar = { readonly update: (done: number, total: number) => void; readonly stop: () => void };

/** @returns A progress bar on standard error; one that draws nothing when that is no terminal or `json` is wanted. */
export function startBar(io: CommandIo, json: boolean, title: string): Bar {
  if (json || io.stderr.isTTY !== true) return { update: () => undefined, stop: () => undefined };
  const format = `${title} [{bar}] {percentage} %  {duration_formatted}, {eta_formatted} left`;
  const bar = new SingleBar({ format, stream: io.stderr, clearOnComplete: true, hideCursor: true }, Presets.legacy);
  bar.start(1, 0);
  return {
    update: (done, total) => {
      bar.setTotal(total);
      bar.update(done);
    },
    stop: () => {
      bar.stop();
    },
  };
}

function roundId(text: string): string {
  if (!RoundId.safeParse(text).success) throw new InvalidArgumentError("a round id is a-z, 0-9 and -, at most 64");
  return text;
}
