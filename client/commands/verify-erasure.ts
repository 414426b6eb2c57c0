/**
 * `aquila verify-erasure`: checks an erasure certificate against a roster. Talks to nobody.
 */
import type { Command } from "commander";
import { ErasureCertificate } from "#engine/round/acts.ts";
import { checkRoster, Roster } from "#engine/round/roster.ts";
import { checkStatement } from "#engine/round/statement.ts";
import { answer, jsonOption, readJsonFile, type CommandIo } from "./command-io.ts";

export function registerVerifyErasure(program: Command, io: CommandIo): void {
  program
    .command("verify-erasure")
    .description("check that the secretariat signed an erasure certificate; it attests an act and proves nothing")
    .argument("<certificate>", "what aquila round certificate --out wrote")
    .requiredOption("--roster <file>", "the roster of the round")
    .addOption(jsonOption())
    .action((path: string, options: { roster: string; json: boolean }) => {
      const certificate = readJsonFile(path, ErasureCertificate, "statement-signature");
      const roster = readJsonFile(options.roster, Roster, "roster-invalid");
      checkRoster(roster);
      checkStatement(roster.secretariat, "erasure", certificate);
      const { round, erasedAt, outcome, t0, t2 } = certificate;
      const text = [
        `round ${round}, erased at ${erasedAt} (${outcome}): the secretariat signed it`,
        `T0  ${t0}`,
        `T2  ${t2 ?? "never reached"}`,
        "It attests that the data key was destroyed. That no copy was made before cannot be proved.",
      ].join("\n");
      answer(io, options.json, { ...certificate, verified: true }, text);
    });
}
