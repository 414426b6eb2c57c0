/**
 * `aquila audit`: what a party's data-protection officer checks of its own submissions. Talks to nobody.
 */
import { InvalidArgumentError, Option, type Command } from "commander";
import { sampleBatch } from "../audit.ts";
import { answer, EXIT, jsonOption, roundOption, unlockVault, vaultOption, type CommandIo } from "./command-io.ts";
import { withEncodedList, withListOptions, type ListFileOptions } from "./list-options.ts";

type SampleOptions = ListFileOptions & {
  readonly vault: string;
  readonly round: string;
  readonly counterpart: string;
  readonly share: number;
};

export function registerAudit(program: Command, io: CommandIo): void {
  const audit = program.command("audit").description("check what this party submitted against its own list");
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
    const { rows, sampled, differing, isCommitted } = await withEncodedList(
      io,
      path,
      options,
      ({ list }) => sampleBatch(vault, options.round, options.counterpart, list, options.share),
      categories === undefined ? undefined : new Set(categories),
    );
    const text = [
      `${sampled} of ${rows} rows opened; ${sampled - differing.length} encode to what was sent`,
      ...differing.map((ref) => `differs: ${ref}`),
      isCommitted
        ? "the batch commits to this list's provenance"
        : "the batch does NOT commit to this list's provenance",
    ].join("\n");
    answer(io, options.json, { rows, sampled, differing: [...differing], isCommitted }, text);
    if (differing.length > 0 || !isCommitted) io.endWith(EXIT.badInput);
  });
}

/** @returns More than 0, at most 1. */
function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError("a share, such as 0.01");
  return value;
}
