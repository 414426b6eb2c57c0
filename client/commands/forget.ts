/**
 * `aquila forget`: destroys what a vault keeps of one round that is over. Asks the secretariat only while the round's deadlines do not say so.
 */
import type { Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { hasReached } from "#engine/round/states.ts";
import type { Vault } from "../vault.ts";
import {
  answer,
  connectParty,
  jsonOption,
  roundOption,
  serverOption,
  unlockVault,
  vaultOption,
  type CommandIo,
} from "./command-io.ts";

type ForgetOptions = {
  readonly server?: string;
  readonly vault: string;
  readonly round: string;
  readonly json: boolean;
};

export function registerForget(program: Command, io: CommandIo): void {
  program
    .command("forget")
    .description("destroy what the vault keeps of a round that is over; its hits can never be named again")
    .addOption(serverOption(false))
    .addOption(vaultOption())
    .addOption(roundOption())
    .addOption(jsonOption())
    .action(async (options: ForgetOptions) => {
      using vault = await unlockVault(io, options.vault);
      await requireOver(io, vault, options);
      vault.forgetRound(options.round);
      answer(io, options.json, { forgotten: options.round }, `round ${options.round}: nothing is kept any more`);
    });
}

/**
 * @throws {@link LinkageError} `round-unknown` if the vault keeps nothing of the round; `round-state` unless its deadline
 * `followUp` is over, or the server, where it is named, says that the round is followed up, erased or aborted.
 */
async function requireOver(io: CommandIo, vault: Vault, { server, round }: ForgetOptions): Promise<void> {
  const descriptor = vault.descriptor(round);
  if (descriptor === null) throw new LinkageError("round-unknown", `this vault keeps nothing of round ${round}`);
  const { followUp } = descriptor.deadlines;
  if (io.now().getTime() > Date.parse(followUp)) return;
  if (server === undefined)
    throw new LinkageError(
      "round-state",
      `round ${round} goes on until ${followUp}; whether it ended earlier, the secretariat says: --server`,
    );
  const { ending, state } = await connectParty(io, server, vault).round(round);
  if (ending === null && !hasReached(state, "followed-up"))
    throw new LinkageError(
      "round-state",
      `round ${round} is ${state}: what is forgotten now could never be opened or named`,
    );
}
