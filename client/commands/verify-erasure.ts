/**
 * `aquila verify-erasure`: checks an erasure certificate against a roster, and against what a vault kept of the round. Talks to nobody.
 */
import { Option, type Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { ErasureCertificate } from "#engine/round/acts.ts";
import { descriptorT0 } from "#engine/round/descriptor.ts";
import { checkRoster, Roster } from "#engine/round/roster.ts";
import { checkStatement } from "#engine/round/statement.ts";
import type { Vault } from "../vault.ts";
import { answer, jsonOption, readJsonFile, unlockVault, type CommandIo } from "./command-io.ts";

type VerifyOptions = { readonly roster?: string; readonly vault?: string; readonly json: boolean };

export function registerVerifyErasure(program: Command, io: CommandIo): void {
  program
    .command("verify-erasure")
    .description("check that the secretariat signed an erasure certificate; it attests an act and proves nothing")
    .argument("<certificate>", "what aquila round certificate --out wrote")
    .addOption(new Option("--roster <file>", "the roster of the round; nothing else is compared"))
    .addOption(
      new Option("--vault <folder>", "compare with the roster and the round in this vault").conflicts("roster"),
    )
    .addOption(jsonOption())
    .action(async (path: string, options: VerifyOptions, command: Command) => {
      const certificate = readJsonFile(path, ErasureCertificate, "statement-signature");
      const { round, erasedAt, outcome, t0, t2 } = certificate;
      if (options.vault !== undefined) {
        using vault = await unlockVault(io, options.vault);
        checkStatement(vault.roster().secretariat, "erasure", certificate);
        requireSameRound(vault, certificate);
      } else if (options.roster !== undefined) {
        const roster = readJsonFile(options.roster, Roster, "roster-invalid");
        checkRoster(roster);
        checkStatement(roster.secretariat, "erasure", certificate);
      } else command.error("error: name --vault, or --roster");
      const compared = options.vault !== undefined;
      const text = [
        `round ${round}, erased at ${erasedAt} (${outcome}): the secretariat signed it`,
        `T0  ${t0}`,
        `T2  ${t2 ?? "never reached"}`,
        compared
          ? "They are those of the round in the vault."
          : "Nothing was compared with them: whether it is the round that took place, --vault says.",
        "It attests that the data key was destroyed. That no copy was made before cannot be proved.",
      ].join("\n");
      answer(io, options.json, { ...certificate, verified: true, compared }, text);
    });
}

/** @throws {@link LinkageError} `round-unknown` if the vault does not know the round; `round-confirmation-failed` if it was another. */
function requireSameRound(vault: Vault, { round, t0, t1, t2 }: ErasureCertificate): void {
  const descriptor = vault.descriptor(round);
  if (descriptor === null) throw new LinkageError("round-unknown", `this vault knows nothing of round ${round}`);
  const kept = { T0: descriptorT0(descriptor), T1: vault.transcript(round), T2: vault.seal(round) };
  const stated = { T0: t0, T1: t1, T2: t2 };
  for (const name of ["T0", "T1", "T2"] as const)
    // Of a round that it left early the vault lacks T1 or T2.
    if (kept[name] !== null && kept[name] !== stated[name])
      throw new LinkageError(
        "round-confirmation-failed",
        `the certificate's ${name} is not that of the round in this vault`,
      );
}
