/**
 * `aquila key`: makes and shows the keys of a party, an operator or an officer. No secret is ever printed.
 */
import { InvalidArgumentError, Option, type Command } from "commander";
import { canonicalBytes } from "#engine/canonical-json.ts";
import { LinkageError } from "#engine/errors.ts";
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
import { createFile } from "../durable-file.ts";
import { createVault, openVault } from "../vault.ts";
import { answer, callerOptions, jsonOption, readStaff, type CommandIo } from "./command-io.ts";

type MakeOptions = {
  readonly party?: string;
  readonly vault?: string;
  readonly operator?: string;
  readonly officer?: string;
  readonly out?: string;
  readonly json: boolean;
};
type ShowOptions = { readonly vault?: string; readonly identity?: string; readonly json: boolean };

export function registerKey(program: Command, io: CommandIo): void {
  const key = program.command("key").description("make and show the keys of a party, an operator or a data-protection officer");
  key
    .command("make")
    .description("make a party's keys in a new vault, or an operator's or officer's in a new file; nothing is ever overwritten")
    .addOption(new Option("--party <id>", "party id, such as AT").argParser(partyId))
    .addOption(new Option("--vault <folder>", "the party's vault").env("AQUILA_VAULT"))
    .addOption(new Option("--operator <name>", "operator's name, a-z, 0-9 and -").argParser(staffId))
    .addOption(new Option("--officer <name>", "data-protection officer's name").argParser(staffId))
    .addOption(new Option("--out <file>", "the operator's or officer's identity file"))
    .addOption(jsonOption())
    .action((options: MakeOptions) => {
      answerPublic(io, options.json, makeKeys(options));
    });
  key
    .command("show")
    .description("show public keys in the roster's form, and their fingerprint")
    .addOption(jsonOption())
    .action((options: ShowOptions) => {
      if (options.identity !== undefined)
        answerPublic(io, options.json, publicStaff(readStaff(options.identity)));
      else if (options.vault !== undefined)
        answerPublic(io, options.json, publicParty(openVault(options.vault).identity));
      else throw new LinkageError("identity-invalid", "whose keys? name a party's --vault or an operator's --identity");
    });
  const show = key.commands.find((command) => command.name() === "show");
  for (const option of callerOptions()) show?.addOption(option);
}

/** What goes into a roster, and the fingerprint to compare it by. */
type PublicKeys =
  | (RosterParty & { readonly fingerprint: string })
  | { readonly fingerprint: string; readonly id: string; readonly role: StaffRole; readonly signKey: string };

function makeKeys({ party, vault, operator, officer, out }: MakeOptions): PublicKeys {
  const named = [party, operator, officer].filter((id) => id !== undefined).length;
  if (named === 1 && party !== undefined && vault !== undefined && out === undefined)
    return publicParty(createVault(vault, makeIdentity(party)).identity);
  const id = operator ?? officer;
  if (named === 1 && id !== undefined && out !== undefined) {
    const identity = makeStaffIdentity(operator === undefined ? "officer" : "operator", id);
    createFile(out, [Buffer.concat([canonicalBytes(identity), Buffer.from("\n")])]);
    return publicStaff(identity);
  }
  throw new LinkageError("identity-invalid", "name --party and --vault, or --operator or --officer and --out");
}

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
