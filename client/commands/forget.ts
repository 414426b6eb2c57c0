/**
 * `aquila forget`: destroys what a vault keeps of one round. Talks to nobody.
 */
import type { Command } from "commander";
import { answer, jsonOption, roundOption, unlockVault, vaultOption, type CommandIo } from "./command-io.ts";

export function registerForget(program: Command, io: CommandIo): void {
  program
    .command("forget")
    .description("destroy what the vault keeps of a round that is followed up; its hits can never be named again")
    .addOption(vaultOption())
    .addOption(roundOption())
    .addOption(jsonOption())
    .action(async (options: { vault: string; round: string; json: boolean }) => {
      using vault = await unlockVault(io, options.vault);
      vault.forgetRound(options.round);
      answer(io, options.json, { forgotten: options.round }, `round ${options.round}: nothing is kept any more`);
    });
}
