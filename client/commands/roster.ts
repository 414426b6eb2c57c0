/**
 * `aquila roster`: puts parties' public keys into one roster, and pins a roster at a party.
 */
import { Option, type Command } from "commander";
import { z } from "zod";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
import { fingerprint } from "#engine/round/identity.ts";
import { Roster, RosterParty, rosterDigest } from "#engine/round/roster.ts";
import { createFile } from "../durable-file.ts";
import { answer, jsonOption, readJsonFile, unlockVault, vaultOption, type CommandIo } from "./command-io.ts";

/** What `aquila key show --json` prints for a party. */
const ShownKeys = RosterParty.extend({ fingerprint: z.string().max(40) }).strict();

export function registerRoster(program: Command, io: CommandIo): void {
  const roster = program.command("roster").description("assemble and pin the roster of all parties' public keys");
  roster
    .command("assemble")
    .description('put the output of several parties\' "key show --json" into one roster')
    .argument("<keys...>", "files, one for each party")
    .requiredOption("--out <file>", "the roster; never overwritten")
    .addOption(jsonOption())
    .action((paths: string[], options: { out: string; json: boolean }) => {
      const assembled = assemble(paths);
      createFile(options.out, [Buffer.concat([canonicalBytes(assembled), Buffer.from("\n")])]);
      answerRoster(io, options.json, assembled);
    });
  roster
    .command("pin")
    .description("make a roster the one that this vault trusts; compare the fingerprints by telephone first")
    .argument("<roster>", "roster file")
    .addOption(vaultOption())
    .addOption(new Option("--replace", "let another roster go that is pinned already").default(false))
    .addOption(jsonOption())
    .action(async (path: string, options: { vault: string; replace: boolean; json: boolean }) => {
      const pinned = readJsonFile(path, Roster, "vault-invalid");
      using vault = await unlockVault(io, options.vault);
      vault.pinRoster(pinned, options.replace);
      answerRoster(io, options.json, pinned);
    });
  roster
    .command("show")
    .description("show the pinned roster and its fingerprints")
    .addOption(vaultOption())
    .addOption(jsonOption())
    .action(async (options: { vault: string; json: boolean }) => {
      using vault = await unlockVault(io, options.vault);
      answerRoster(io, options.json, vault.roster());
    });
}

function assemble(paths: readonly string[]): Roster {
  const parties = paths.map((path) => {
    const { fingerprint: stated, ...party } = readJsonFile(path, ShownKeys, "identity-invalid");
    if (stated !== fingerprint(party.signKey, party.boxKey))
      throw new LinkageError("identity-invalid", `${path}: the fingerprint is not that of the keys`);
    return party;
  });
  const ordered = parties.sort((a, b) => (a.id < b.id ? -1 : 1));
  const assembled = Roster.safeParse({ format: "aquila/roster/v1", parties: ordered });
  if (!assembled.success) throw new LinkageError("identity-invalid", "a party occurs twice");
  return assembled.data;
}

function answerRoster(io: CommandIo, json: boolean, roster: Roster): void {
  const digest = rosterDigest(roster);
  const parties = roster.parties.map(({ id, signKey, boxKey }) => ({ fingerprint: fingerprint(signKey, boxKey), id }));
  const lines = parties.map((party) => `${party.id.padEnd(8)}  ${party.fingerprint}\n`).join("");
  answer(io, json, { digest, parties }, `${lines}digest    ${digest}\n`);
}
