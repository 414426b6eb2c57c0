/**
 * `aquila key`: makes, shows, backs up and restores the keys of a party, an operator or a data-protection officer, and changes the passphrase that
 * locks them. No secret is ever printed.
 */
import { InvalidArgumentError, Option, type Command } from "commander";
import {
  fingerprint,
  makeIdentity,
  makeStaffIdentity,
  signerFingerprint,
  type Identity,
  type StaffIdentity,
  type StaffRole,
} from "#engine/round/identity.ts";
import { PartyId, StaffId } from "#engine/round/ids.ts";
import { rosterEntryOf, type RosterParty } from "#engine/round/roster.ts";
import { requireAbsent } from "../durable-file.ts";
import { readBox } from "../passphrase-box.ts";
import { BACKUP_FILE, changeBoxPassphrase, createIdentityFile, STAFF_FILE } from "../sealed-identity.ts";
import { changeVaultPassphrase, createVault, requireNoVault, requireVault } from "../vault.ts";
import {
  answer,
  callerOptions,
  fileDescriptor,
  jsonOption,
  unlockIdentity,
  unlockStaff,
  unlockVault,
  vaultOption,
  wrongUsage,
  withPassphrase,
  type CommandIo,
} from "./command-io.ts";

type MakeOptions = {
  readonly party?: string;
  readonly vault?: string;
  readonly operator?: string;
  readonly officer?: string;
  readonly out?: string;
  readonly json: boolean;
};
type WhoseOptions = { readonly vault?: string; readonly identity?: string; readonly json: boolean };
type PassphraseOptions = WhoseOptions & { readonly newPassphraseFd?: number };
type BackupOptions = { readonly vault: string; readonly backupPassphraseFd?: number; readonly json: boolean };

export function registerKey(program: Command, io: CommandIo): void {
  const key = program
    .command("key")
    .description("make, show and back up the keys of a party, an operator or a data-protection officer");
  key
    .command("make")
    .description(
      "make a party's keys in a new vault, or an operator's or officer's in a new file; nothing is ever overwritten",
    )
    .addOption(new Option("--party <id>", "party id, such as AT").argParser(partyId))
    .addOption(new Option("--vault <folder>", "the party's vault").env("AQUILA_VAULT"))
    .addOption(new Option("--operator <name>", "operator's name, a-z, 0-9 and -").argParser(staffId))
    .addOption(new Option("--officer <name>", "data-protection officer's name").argParser(staffId))
    .addOption(new Option("--out <file>", "the operator's or officer's identity file"))
    .addOption(jsonOption())
    .action(async (options: MakeOptions) => {
      answerPublic(io, options.json, await makeKeys(io, options));
    });
  const show = key.command("show").description("show public keys in the roster's form, and their fingerprint");
  for (const option of callerOptions()) show.addOption(option);
  show.addOption(jsonOption()).action(async (options: WhoseOptions) => {
    answerPublic(io, options.json, await publicKeys(io, options));
  });
  key
    .command("contact")
    .description("say which desk counterparts are to turn to; it goes into the notices of this party's hits")
    .argument("<desk>", "name, address or number, at most 120 characters")
    .addOption(vaultOption())
    .addOption(jsonOption())
    .action(async (contact: string, options: { vault: string; json: boolean }) => {
      using vault = await unlockVault(io, options.vault);
      vault.keepContact(contact);
      answer(io, options.json, { contact }, `counterparts are told to turn to: ${contact}`);
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

async function makeKeys(io: CommandIo, options: MakeOptions): Promise<PublicKeys> {
  const { party, vault, operator, officer, out } = options;
  const named = [party, operator, officer].filter((id) => id !== undefined).length;
  if (named === 1 && party !== undefined && vault !== undefined && out === undefined) {
    requireNoVault(vault);
    return newVault(io, vault, makeIdentity(party));
  }
  const id = operator ?? officer;
  if (named === 1 && id !== undefined && out !== undefined) {
    requireAbsent(out);
    const identity = makeStaffIdentity(operator === undefined ? "officer" : "operator", id);
    const request = { of: `${STAFF_FILE.what} ${out}`, descriptor: io.passphraseFd() };
    await withPassphrase(io, "choose", request, (passphrase) => {
      createIdentityFile(out, STAFF_FILE, identity, passphrase);
    });
    return publicStaff(identity);
  }
  throw wrongUsage(io, "name --party and --vault, or --operator or --officer and --out");
}

function newVault(io: CommandIo, folder: string, identity: Identity): Promise<PublicKeys> {
  const request = { of: `the vault ${folder}`, descriptor: io.passphraseFd() };
  return withPassphrase(io, "choose", request, (passphrase) => {
    using vault = createVault(folder, identity, passphrase);
    return publicParty(vault.identity);
  });
}

async function publicKeys(io: CommandIo, { vault: folder, identity }: WhoseOptions): Promise<PublicKeys> {
  if (identity !== undefined) return publicStaff(await unlockStaff(io, identity));
  if (folder === undefined) throw whose(io);
  using vault = await unlockVault(io, folder);
  return publicParty(vault.identity);
}

/** @returns Path of what is locked anew. */
async function changePassphrase(
  io: CommandIo,
  { vault, identity, newPassphraseFd }: PassphraseOptions,
): Promise<string> {
  const path = identity ?? vault;
  if (path === undefined) throw whose(io);
  if (identity !== undefined) readBox(identity, STAFF_FILE.holds, STAFF_FILE.what);
  else requireVault(path);
  await withPassphrase(io, "ask", { of: path, descriptor: io.passphraseFd() }, (passphrase) =>
    withPassphrase(io, "choose", { of: path, descriptor: newPassphraseFd }, (next) => {
      if (identity !== undefined) changeBoxPassphrase(identity, STAFF_FILE, passphrase, next);
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

function whose(io: CommandIo): Error {
  return wrongUsage(io, "whose keys? name a party's --vault or an operator's --identity");
}

function descriptorOption(flags: string, what: string): Option {
  return new Option(flags, `read ${what} from this file descriptor instead of asking`).argParser(fileDescriptor);
}

/** What goes into a roster, and the fingerprint to compare it by. */
type PublicKeys =
  | (RosterParty & { readonly fingerprint: string })
  | { readonly fingerprint: string; readonly id: string; readonly role: StaffRole; readonly signKey: string };

function publicParty(identity: Identity): PublicKeys {
  const { boxKey, signKey } = identity;
  return { ...rosterEntryOf(identity), fingerprint: fingerprint(signKey, boxKey) };
}

function publicStaff({ id, role, signKey }: StaffIdentity): PublicKeys {
  return { fingerprint: signerFingerprint(signKey), id, role, signKey };
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

function staffId(text: string): string {
  if (!StaffId.safeParse(text).success)
    throw new InvalidArgumentError("a name is a-z, 0-9 and -, at most 32, and begins with a letter");
  return text;
}
