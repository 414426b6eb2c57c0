/**
 * `aquila key`: makes, shows, backs up and restores the keys of a party or an operator, and changes the passphrase that
 * locks them. No secret is ever printed.
 */
import { InvalidArgumentError, Option, type Command } from "commander";
import { LinkageError } from "#engine/errors.ts";
import {
  fingerprint,
  makeIdentity,
  makeOperatorIdentity,
  operatorFingerprint,
  OperatorId,
  type Identity,
  type OperatorIdentity,
} from "#engine/round/identity.ts";
import { PartyId } from "#engine/round/roster.ts";
import { requireAbsent } from "../durable-file.ts";
import { readBox } from "../passphrase-box.ts";
import { BACKUP_FILE, changeBoxPassphrase, createIdentityFile, OPERATOR_FILE } from "../sealed-identity.ts";
import { changeVaultPassphrase, createVault, requireNoVault, requireVault } from "../vault.ts";
import {
  answer,
  callerOptions,
  fileDescriptor,
  jsonOption,
  unlockIdentity,
  unlockVault,
  vaultOption,
  withPassphrase,
  type CommandIo,
} from "./command-io.ts";

type MakeOptions = {
  readonly party?: string;
  readonly vault?: string;
  readonly operator?: string;
  readonly out?: string;
  readonly json: boolean;
};
type WhoseOptions = { readonly vault?: string; readonly identity?: string; readonly json: boolean };
type PassphraseOptions = WhoseOptions & { readonly newPassphraseFd?: number };
type BackupOptions = { readonly vault: string; readonly backupPassphraseFd?: number; readonly json: boolean };

export function registerKey(program: Command, io: CommandIo): void {
  const key = program.command("key").description("make, show and back up the keys of a party or an operator");
  key
    .command("make")
    .description("make a party's keys in a new vault, or an operator's in a new file; nothing is ever overwritten")
    .addOption(new Option("--party <id>", "party id, such as AT").argParser(partyId))
    .addOption(new Option("--vault <folder>", "the party's vault").env("AQUILA_VAULT"))
    .addOption(new Option("--operator <name>", "operator's name, a-z, 0-9 and -").argParser(operatorId))
    .addOption(new Option("--out <file>", "the operator's identity file"))
    .addOption(jsonOption())
    .action(async (options: MakeOptions) => {
      answerPublic(io, options.json, await makeKeys(io, options));
    });
  const show = key.command("show").description("show public keys in the roster's form, and their fingerprint");
  for (const option of callerOptions()) show.addOption(option);
  show.addOption(jsonOption()).action(async (options: WhoseOptions) => {
    answerPublic(io, options.json, await publicKeys(io, options));
  });
  const passphrase = key
    .command("passphrase")
    .description("lock a vault or an operator's identity under another passphrase; the keys stay the same");
  for (const option of callerOptions()) passphrase.addOption(option);
  passphrase
    .addOption(descriptorOption("--new-passphrase-fd <n>", "the new passphrase"))
    .addOption(jsonOption())
    .action(async (options: PassphraseOptions) => {
      const changed = await changePassphrase(io, options);
      answer(io, options.json, { changed }, `${changed}: the passphrase is changed`);
    });
  key
    .command("backup")
    .description("write a party's identity, and nothing of any round, to a new file under a passphrase of its own")
    .requiredOption("--out <file>", "the backup; never overwritten")
    .addOption(vaultOption())
    .addOption(descriptorOption("--backup-passphrase-fd <n>", "the backup's passphrase"))
    .addOption(jsonOption())
    .action(async (options: BackupOptions & { out: string }) => {
      await backUp(io, options);
      answer(io, options.json, { out: options.out }, `written to ${options.out}`);
    });
  key
    .command("restore")
    .description("make a new vault with the identity of a backup; pin the roster again in it")
    .argument("<backup>", "what `aquila key backup` wrote")
    .addOption(vaultOption())
    .addOption(descriptorOption("--backup-passphrase-fd <n>", "the backup's passphrase"))
    .addOption(jsonOption())
    .action(async (path: string, options: BackupOptions) => {
      requireNoVault(options.vault);
      const identity = await unlockIdentity(io, path, BACKUP_FILE, options.backupPassphraseFd);
      answerPublic(io, options.json, await newVault(io, options.vault, identity));
    });
}

async function makeKeys(io: CommandIo, { party, vault, operator, out }: MakeOptions): Promise<PublicKeys> {
  if (party !== undefined && vault !== undefined && operator === undefined && out === undefined) {
    requireNoVault(vault);
    return newVault(io, vault, makeIdentity(party));
  }
  if (operator !== undefined && out !== undefined && party === undefined) {
    requireAbsent(out);
    const identity = makeOperatorIdentity(operator);
    const request = { of: `${OPERATOR_FILE.what} ${out}`, descriptor: io.passphraseFd() };
    await withPassphrase(io, "choose", request, (passphrase) => {
      createIdentityFile(out, OPERATOR_FILE, identity, passphrase);
    });
    return publicOperator(identity);
  }
  throw new LinkageError("identity-invalid", "name either --party and --vault, or --operator and --out");
}

function newVault(io: CommandIo, folder: string, identity: Identity): Promise<PublicKeys> {
  const request = { of: `the vault ${folder}`, descriptor: io.passphraseFd() };
  return withPassphrase(io, "choose", request, (passphrase) => {
    using vault = createVault(folder, identity, passphrase);
    return publicParty(vault.identity);
  });
}

async function publicKeys(io: CommandIo, { vault: folder, identity }: WhoseOptions): Promise<PublicKeys> {
  if (identity !== undefined) return publicOperator(await unlockIdentity(io, identity, OPERATOR_FILE));
  if (folder === undefined) throw whose();
  using vault = await unlockVault(io, folder);
  return publicParty(vault.identity);
}

/** @returns Path of what is locked anew. */
async function changePassphrase(
  io: CommandIo,
  { vault, identity, newPassphraseFd }: PassphraseOptions,
): Promise<string> {
  const path = identity ?? vault;
  if (path === undefined) throw whose();
  if (identity !== undefined) readBox(identity, OPERATOR_FILE.holds, OPERATOR_FILE.what);
  else requireVault(path);
  await withPassphrase(io, "ask", { of: path, descriptor: io.passphraseFd() }, (passphrase) =>
    withPassphrase(io, "choose", { of: path, descriptor: newPassphraseFd }, (next) => {
      if (identity !== undefined) changeBoxPassphrase(identity, OPERATOR_FILE, passphrase, next);
      else changeVaultPassphrase(path, passphrase, next);
    }),
  );
  return path;
}

async function backUp(
  io: CommandIo,
  { vault: folder, out, backupPassphraseFd }: BackupOptions & { out: string },
): Promise<void> {
  requireAbsent(out);
  using vault = await unlockVault(io, folder);
  await withPassphrase(io, "choose", { of: `the backup ${out}`, descriptor: backupPassphraseFd }, (passphrase) => {
    createIdentityFile(out, BACKUP_FILE, vault.identity, passphrase);
  });
}

function whose(): LinkageError {
  return new LinkageError("identity-invalid", "whose keys? name a party's --vault or an operator's --identity");
}

function descriptorOption(flags: string, what: string): Option {
  return new Option(flags, `read ${what} from this file descriptor instead of asking`).argParser(fileDescriptor);
}

type PublicKeys =
  | { readonly boxKey: string; readonly fingerprint: string; readonly id: string; readonly signKey: string }
  | { readonly fingerprint: string; readonly id: string; readonly signKey: string };

function publicParty({ boxKey, party, signKey }: Identity): PublicKeys {
  return { boxKey, fingerprint: fingerprint(signKey, boxKey), id: party, signKey };
}

function publicOperator({ operator, signKey }: OperatorIdentity): PublicKeys {
  return { fingerprint: operatorFingerprint(signKey), id: operator, signKey };
}

function answerPublic(io: CommandIo, json: boolean, keys: PublicKeys): void {
  const box = "boxKey" in keys ? `box key      ${keys.boxKey}\n` : "";
  const text = `${keys.id}\nsign key     ${keys.signKey}\n${box}fingerprint  ${keys.fingerprint}\n`;
  answer(io, json, keys, text);
}

function partyId(text: string): string {
  if (!PartyId.safeParse(text).success) throw new InvalidArgumentError("a party id is 2 to 8 letters A-Z");
  return text;
}

function operatorId(text: string): string {
  if (!OperatorId.safeParse(text).success)
    throw new InvalidArgumentError("an operator's name is a-z, 0-9 and -, at most 32, and begins with a letter");
  return text;
}
