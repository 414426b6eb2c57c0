/**
 * `aquila audit`: the secretariat's audit log, checked, co-signed and exported; and, at the party, what it submitted.
 */
import { InvalidArgumentError, Option, type Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { checkRoster, Roster } from "#engine/round/roster.ts";
import { signStatement } from "#engine/round/statement.ts";
import { sampleBatch } from "../audit.ts";
import { checkWitnesses, exportLog, verifyExport } from "../audit-log.ts";
import { createFile } from "../durable-file.ts";
import type { Fork } from "../log-head.ts";
import { inBuffers } from "../pieces.ts";
import {
  answer,
  askAs,
  connectAs,
  EXIT,
  jsonOption,
  readJsonFile,
  roundOption,
  unlockVault,
  vaultOption,
  withAsker,
  withAskerAtHome,
  type CallerOptions,
  type CommandIo,
} from "./command-io.ts";
import { withEncodedList, withListOptions, type ListFileOptions } from "./list-options.ts";

const FORK_FORMAT = "aquila/audit-fork/v1";

type LogOptions = CallerOptions & { readonly json: boolean };

type SampleOptions = ListFileOptions & {
  readonly vault: string;
  readonly round: string;
  readonly counterpart: string;
  readonly share: number;
};

export function registerAudit(program: Command, io: CommandIo): void {
  const audit = program.command("audit").description("check the secretariat's audit log, or what this party submitted");
  registerLog(audit, io);
  withListOptions(
    audit
      .command("sample")
      .description("open a random sample of a submitted batch's rows, encode them anew from the list and compare")
      .argument("<list>", "the list that was encoded")
      .addOption(vaultOption())
      .addOption(roundOption())
      .requiredOption("--counterpart <party>", "for whom the batch was made")
      .addOption(new Option("--share <share>", "share of the rows that is opened").argParser(share).default(0.01))
      .addOption(jsonOption()),
  ).action(async (path: string, options: SampleOptions) => {
    using vault = await unlockVault(io, options.vault);
    const categories = vault.descriptor(options.round)?.categories;
    const { rows, sampled, differing, isCommitted, isSubmitted } = await withEncodedList(
      io,
      path,
      options,
      ({ list }) => sampleBatch(vault, options.round, options.counterpart, list, options.share),
      categories === undefined ? undefined : new Set(categories),
    );
    const text = [
      isSubmitted
        ? "the batch is the one that was submitted and sealed"
        : "the batch is NOT the one that was submitted and sealed",
      `${sampled} of ${rows} rows opened; ${sampled - differing.length} encode to what was sent`,
      ...differing.map((ref) => `differs: ${ref}`),
      isCommitted
        ? "the batch commits to this list's provenance"
        : "the batch does NOT commit to this list's provenance",
    ].join("\n");
    answer(io, options.json, { rows, sampled, differing: [...differing], isCommitted, isSubmitted }, text);
    if (differing.length > 0 || !isCommitted || !isSubmitted) io.endWith(EXIT.badInput);
  });
}

function registerLog(audit: Command, io: CommandIo): void {
  withAsker(
    audit
      .command("check")
      .description(
        "check that the log goes on from what was seen before and that no party saw another; a party co-signs",
      )
      .option(
        "--accept-restored",
        "forget what was seen before: the secretariat has said by telephone that it put back a backup",
      ),
  ).action(async (options: LogOptions) => {
    await connectAs(io, options, async (connection, asker) => {
      const { identity } = asker;
      const signed = await connection.signedHead();
      await checkWitnesses(connection, asker, signed);
      const { size, root, at } = signed.head;
      const witnesses = signed.cosignatures.map((one) => `${one.party} (${one.size})`).join(", ");
      const party = "party" in identity ? identity.party : null;
      if (party !== null)
        await connection.putCosignature(signStatement(identity, "cosignature", { party, root, size }));
      const text = [
        `${size} entries, signed at ${at}; nothing seen before was changed or taken out`,
        `co-signed by ${witnesses === "" ? "nobody yet" : witnesses}${party === null ? "" : `, and now by ${party}`}`,
      ].join("\n");
      answer(io, options.json, signed, text);
    });
  });
  withAsker(
    audit
      .command("export")
      .description("write the whole log to a new file, for a supervisory authority (officer)")
      .requiredOption("--out <file>", "new file, mode 600"),
  ).action(async (options: LogOptions & { readonly out: string }) => {
    await connectAs(io, options, async (connection) => {
      const lines = await exportLog(connection);
      createFile(options.out, inBuffers(lines));
      answer(io, options.json, { entries: lines.length - 1 }, `${lines.length - 1} entries in ${options.out}`);
    });
  });
  withAskerAtHome(
    audit
      .command("fork")
      .description("write what was signed of a log that was not one history to a new file, as evidence")
      .requiredOption("--out <file>", "new file, mode 600"),
  ).action(async (options: Omit<LogOptions, "server"> & { readonly out: string }) => {
    await askAs(io, options, ({ heads }) => {
      const forks = heads.readForks();
      if (forks.length === 0) throw new LinkageError("not-found", "no two histories of the log were met");
      const evidence = { forks: [...forks], format: FORK_FORMAT };
      createFile(options.out, [Buffer.from(`${JSON.stringify(evidence)}\n`)]);
      const text = [
        `what cannot be of one log is in ${options.out}:`,
        ...forks.map(([head, other]) => `${historyOf(head)}, and ${historyOf(other)}`),
      ].join("\n");
      answer(io, options.json, evidence, text);
      return Promise.resolve();
    });
  });
  audit
    .command("verify")
    .description("verify an exported log; needs no server")
    .argument("<file>", "what aquila audit export wrote")
    .requiredOption("--roster <file>", "the roster that names the secretariat and the parties")
    .addOption(jsonOption())
    .action((path: string, options: { readonly roster: string; readonly json: boolean }) => {
      const roster = readJsonFile(options.roster, Roster, "roster-invalid");
      checkRoster(roster);
      const { head, entries, erased, witnesses } = verifyExport(path, roster);
      const text = [
        `${entries} entries, ${erased} of them erased after their time: as the secretariat signed at ${head.at}`,
        `co-signed by ${witnesses.length === 0 ? "nobody" : witnesses.join(", ")}`,
        "That nothing was done without an entry cannot be proved.",
      ].join("\n");
      answer(io, options.json, { entries, erased, head, witnesses: [...witnesses], verified: true }, text);
    });
}

function historyOf(statement: Fork[number]): string {
  const by = "party" in statement ? `co-signed by ${statement.party}` : `signed at ${statement.at}`;
  return `${statement.size} entries ${by}`;
}

/** @returns More than 0, at most 1. */
function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError("a share, such as 0.01");
  return value;
}
