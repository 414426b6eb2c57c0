/**
 * `aquila round bundle | unbundle | exchange`: a round on two machines, one with the list and one with the network.
 */
import type { Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import { makeBundle, takeBundle } from "../../bundle.ts";
import { exchangeSealed } from "../../carried-round.ts";
import { tidyVault } from "../../retention.ts";
import {
  answer,
  connectParty,
  jsonOption,
  roundOption,
  unlockVault,
  vaultOption,
  type CommandIo,
} from "../command-io.ts";
import { warningsOf, withParty, type PartyOptions } from "./results.ts";

type BundleOptions = { readonly vault: string; readonly round: string; readonly out: string; readonly json: boolean };
type UnbundleOptions = Pick<BundleOptions, "vault" | "json">;

export function registerBundle(round: Command, io: CommandIo): void {
  round
    .command("bundle")
    .description(
      "write what the party's other vault lacks of a round to one sealed file, to be carried; talks to nobody",
    )
    .addOption(vaultOption())
    .addOption(roundOption())
    .requiredOption("--out <file>", "the bundle; never overwritten")
    .addOption(jsonOption())
    .action(async (options: BundleOptions) => {
      using vault = await unlockVault(io, options.vault);
      const made = await makeBundle(vault, options.round, options.out);
      const text = `round ${made.round}: bundle ${made.serial} for the vault ${made.to}, ${partsText(made.parts)}; written to ${options.out}`;
      answer(io, options.json, made, text);
    });
  round
    .command("unbundle")
    .description("take a bundle of the party's other vault; all of it, or nothing is changed. Talks to nobody")
    .argument("<file>", "what round bundle wrote")
    .addOption(vaultOption())
    .addOption(jsonOption())
    .action(async (path: string, options: UnbundleOptions) => {
      using vault = await unlockVault(io, options.vault);
      const taken = await takeBundle(vault, path);
      if (taken === null) answer(io, options.json, { taken: null }, `${path} was taken before; nothing is changed`);
      else {
        const text = `round ${taken.round}: bundle ${taken.serial} taken, ${partsText(taken.parts)}; this is the vault ${taken.to}`;
        answer(io, options.json, { taken }, text);
      }
    });
  withParty(
    round
      .command("exchange")
      .description(
        "outside: send what came from inside of a released round, and take what is to go there; opens nothing",
      ),
  ).action(async (options: PartyOptions) => {
    using vault = await unlockVault(io, options.vault);
    if (vault.carriage(options.round)?.side !== "outside")
      throw new LinkageError(
        "round-state",
        `round ${options.round} is not carried from this vault; run: aquila round results`,
      );
    try {
      const exchanged = await exchangeSealed(connectParty(io, options.server, vault), vault, options.round, io.now());
      const { faults, refused, ...found } = exchanged;
      const { opened, sent, fetched } = found;
      const warnings = warningsOf(faults, refused);
      for (const warning of warnings) io.stderr.write(`${warning}\n`);
      const text = [
        `round ${options.round}: package keys of ${listText(opened)}`,
        `own answers are in for ${listText(sent)}; theirs are here of ${listText(fetched)}`,
      ].join("\n");
      answer(io, options.json, { round: options.round, ...found, warnings }, text);
    } finally {
      tidyVault(vault, io.now());
    }
  });
}

function partsText(parts: readonly string[]): string {
  return parts.length === 0 ? "keys only" : parts.join(", ");
}

function listText(parties: readonly string[]): string {
  return parties.length === 0 ? "nobody yet" : parties.join(", ");
}
